using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace StandIns.Tests.Torch;

/// <summary>Layers' functions against their definition in loops.</summary>
[TestClass]
public sealed class FunctionalTests
{
    [TestMethod]
    [DataRow(1, 0, 1, 1)]
    [DataRow(2, 1, 1, 1)]
    [DataRow(1, 2, 2, 1)]
    [DataRow(2, 1, 1, 2)]
    public void Convolution(int stride, int padding, int dilation, int groups)
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Normal(1, 2, 4, 7, 6), weight = Numbers.Normal(2, 6, 4 / groups, 3, 3), bias = Numbers.Normal(3, 6);
        var result = F.conv2d(x, weight, bias, [stride, stride], [padding, padding], [dilation, dilation], groups);
        long height = ((7 + (2 * padding) - (2 * dilation) - 1) / stride) + 1, width = ((6 + (2 * padding) - (2 * dilation) - 1) / stride) + 1;
        Numbers.HasShape([2, 6, height, width], result);
        var expected = new List<double>();
        var (xs, ws, bs) = (x.data<double>(), weight.data<double>(), bias.data<double>());
        for (var n = 0; n < 2; n++)
            for (var o = 0; o < 6; o++)
                for (var i = 0; i < height; i++)
                    for (var j = 0; j < width; j++)
                    {
                        var sum = bs[o];
                        for (var c = 0; c < 4 / groups; c++)
                            for (var k = 0; k < 3; k++)
                                for (var l = 0; l < 3; l++)
                                {
                                    int row = (i * stride) + (k * dilation) - padding, column = (j * stride) + (l * dilation) - padding;
                                    if (row is < 0 or >= 7 || column is < 0 or >= 6) continue;
                                    sum += xs[n, (o / (6 / groups) * (4 / groups)) + c, row, column] * ws[o, c, k, l];
                                }
                        expected.Add(sum);
                    }
        Numbers.AreClose(expected, result, 1e-10);
    }

    [TestMethod]
    public void ConvolutionLayerPadsAsAsked()
    {
        using var scope = NewDisposeScope();
        using var reflecting = nn.Conv2d(1, 1, 3, 1, 1, 1, PaddingModes.Reflect, dtype: float64);
        var x = Numbers.Normal(1, 1, 1, 4, 5);
        var expected = F.conv2d(F.pad(x, [1, 1, 1, 1], PaddingModes.Reflect), reflecting.weight!, reflecting.bias);
        Numbers.AreClose(Numbers.Of(expected), reflecting.call(x), 1e-12);
        using var wide = nn.Conv2d(1, 2, (1, 3), (1, 2), (0, 1), dtype: float64);
        Numbers.HasShape([1, 2, 4, 3], wide.call(x));
    }

    [TestMethod]
    public void TransposedConvolutionIsTheAdjoint()
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Normal(1, 1, 2, 5, 5), weight = Numbers.Normal(2, 3, 2, 3, 3), y = Numbers.Normal(3, 1, 3, 3, 3);
        var forward = (F.conv2d(x, weight, strides: [2, 2], padding: [1, 1]) * y).sum();
        var backward = (F.conv_transpose2d(y, weight, strides: [2, 2], padding: [1, 1]) * x).sum();
        Assert.AreEqual(forward.ToDouble(), backward.ToDouble(), 1e-10);
    }

    [TestMethod]
    public void Pooling()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new double[,] { { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 1, 2, 3 }, { 4, 5, 6, 7 } }).reshape(1, 1, 4, 4);
        Numbers.AreClose([6, 8, 9, 7], F.max_pool2d(x, 2));
        Numbers.AreClose([6, 7, 8, 9, 7, 8, 9, 6, 7], F.max_pool2d(x, (2, 2), (1, 1)));
        Numbers.AreClose([3.5, 5.5, 4.75, 4.5], F.avg_pool2d(x, 2));
        Numbers.AreClose([0.25, 1.25, 1, 3.5, 4, 2.75, 1, 2.75, 1.75], F.avg_pool2d(x, 2, 2, 1));
        Numbers.AreClose([1, 2.5, 4, 7, 4, 5.5, 4, 5.5, 7], F.avg_pool2d(x, 2, 2, 1, false, false));
        Numbers.AreClose([4.5625], F.adaptive_avg_pool2d(x, 1));
        Numbers.AreClose([3.5, 5.5, 4.75, 4.5], F.adaptive_avg_pool2d(x, (2, 2)));
        using var max = nn.MaxPool2d(2, 1);
        Numbers.AreClose([6, 7, 8, 9, 7, 8, 9, 6, 7], max.call(x));
        using var average = nn.AvgPool2d(2);
        Numbers.AreClose([3.5, 5.5, 4.75, 4.5], average.call(x));
        using var adaptive = nn.AdaptiveAvgPool2d(1);
        Numbers.HasShape([1, 1, 1, 1], adaptive.call(x));
    }

    [TestMethod]
    public void BatchNormalisation()
    {
        using var scope = NewDisposeScope();
        var x = Numbers.Normal(5, 4, 2, 3, 3);
        Tensor mean = tensor([0.3, -1]), variance = tensor([2.0, 0.5]), weight = tensor([1.5, -2]), bias = tensor([0.1, 0.2]);
        var result = F.batch_norm(x, mean, variance, weight, bias, false, eps: 1e-3);
        var expected = (x - mean.reshape(1, 2, 1, 1)) / (variance.reshape(1, 2, 1, 1) + 1e-3).sqrt() * weight.reshape(1, 2, 1, 1) + bias.reshape(1, 2, 1, 1);
        Numbers.AreClose(Numbers.Of(expected), result, 1e-10);
        var trained = F.batch_norm(x, zeros([2], float64), ones([2], float64), training: true);
        Numbers.AreClose([0, 0], trained.mean([0, 2, 3]), 1e-10);
        Numbers.AreClose([1, 1], trained.pow(2).mean([0, 2, 3]), 1e-3);
    }

    [TestMethod]
    public void Losses()
    {
        using var scope = NewDisposeScope();
        Tensor logits = Numbers.Normal(6, 3, 4), target = tensor([1L, 3, 0]);
        var rows = Numbers.Of(logits).Chunk(4).ToArray();
        double[] each = [.. rows.Select((row, i) => Math.Log(row.Sum(Math.Exp)) - row[(int)target[i].ToInt64()])];
        Numbers.AreClose([each.Average()], F.cross_entropy(logits, target));
        Numbers.AreClose(each, F.cross_entropy(logits, target, reduction: nn.Reduction.None));
        Numbers.AreClose([each.Sum()], F.cross_entropy(logits, target, reduction: nn.Reduction.Sum));
        double[] weights = [1, 2, 3, 4];
        Numbers.AreClose([((each[0] * 2) + (each[1] * 4) + each[2]) / 7], F.cross_entropy(logits, target, tensor(weights)));
        Numbers.AreClose([each.Average()], F.nll_loss(F.log_softmax(logits, 1), target));
        Numbers.AreClose(rows.SelectMany(row => row.Select(v => Math.Exp(v) / row.Sum(Math.Exp))), F.softmax(logits, 1));
        Numbers.AreClose([Numbers.Of(logits).Average(v => v * v)], F.mse_loss(logits, zeros_like(logits)));
        Tensor a = Numbers.Normal(7, 2, 5), b = Numbers.Normal(8, 2, 5);
        Numbers.AreClose(Numbers.Of((a * b).sum(1) / a.norm(1) / b.norm(1)), F.cosine_similarity(a, b));
        Numbers.AreClose([0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0], F.one_hot(target, 4));
    }

    [TestMethod]
    public void Padding()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1.0, 2, 3]).reshape(1, 1, 3);
        Numbers.AreClose([9, 1, 2, 3, 9, 9], F.pad(x, [1, 2], value: 9));
        Numbers.AreClose([2, 1, 2, 3, 2, 1], F.pad(x, [1, 2], PaddingModes.Reflect));
        Numbers.AreClose([1, 1, 2, 3, 3, 3], F.pad(x, (1, 2), PaddingModes.Replicate));
        Numbers.AreClose([3, 1, 2, 3, 1, 2], F.pad(x, [1, 2], PaddingModes.Circular));
        Numbers.HasShape([1, 1, 5, 9], F.pad(zeros([1, 1, 2, 3]), (2, 4, 1, 2)));
    }

    [TestMethod]
    public void Resizing()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1.0, 2, 3, 4]).reshape(1, 1, 2, 2);
        Numbers.AreClose([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4], F.interpolate(x, [4, 4]));
        Numbers.AreClose([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4], F.interpolate(x, null, [2, 2]));
        Numbers.AreClose([1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4], F.interpolate(x, [3, 3], null, InterpolationMode.Bilinear, true));
        Numbers.AreClose([1, 1.25, 1.75, 2], F.interpolate(x, [4, 4], null, InterpolationMode.Bilinear, false)[0, 0, 0]);
        Numbers.AreClose([2.5], F.interpolate(x, [1, 1], null, InterpolationMode.Area));
        Numbers.HasShape([1, 1, 5, 7], F.interpolate(x, [5, 7], null, InterpolationMode.Bicubic, false));
    }

    [TestMethod]
    public void GridSampling()
    {
        using var scope = NewDisposeScope();
        var x = Numbers.Normal(9, 2, 3, 4, 5);
        var identity = tensor(new double[,,] { { { 1, 0, 0 }, { 0, 1, 0 } } }).expand(2, -1, -1);
        var grid = F.affine_grid(identity, [2, 3, 4, 5], align_corners: false);
        Numbers.HasShape([2, 4, 5, 2], grid);
        Numbers.AreClose(Numbers.Of(x), F.grid_sample(x, grid, align_corners: false), 1e-10);
        var mirrored = tensor(new double[,,] { { { -1, 0, 0 }, { 0, 1, 0 } } }).expand(2, -1, -1);
        Numbers.AreClose(
            Numbers.Of(x.flip(3)), F.grid_sample(x, F.affine_grid(mirrored, [2, 3, 4, 5]), GridSampleMode.Nearest, align_corners: false), 1e-10);
        var outside = full([2, 1, 1, 2], 3.0, float64);
        Numbers.AreClose(new double[6], F.grid_sample(x, outside, align_corners: false));
        Numbers.AreClose(
            Numbers.Of(x[.., .., 3, 4]), F.grid_sample(x, outside, padding_mode: GridSamplePaddingMode.Border, align_corners: false), 1e-10);
    }

    [TestMethod]
    public void UnfoldTakesPatchesAndFoldAddsThem()
    {
        using var scope = NewDisposeScope();
        var x = arange(9, dtype: float64).reshape(1, 1, 3, 3);
        Numbers.AreClose([0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8], F.unfold(x, 2));
        Numbers.AreClose([1, 2, 1, 2, 4, 2, 1, 2, 1], F.fold(ones([1, 4, 4], float64), (3, 3), (2, 2)));
    }

    [TestMethod]
    public void DropoutDropsOnlyInTraining()
    {
        using var scope = NewDisposeScope();
        var x = ones([10000], float64);
        manual_seed(1);
        var dropped = F.dropout(x, 0.25);
        Assert.AreEqual(0.25, (dropped == 0).to(float64).mean().ToDouble(), 0.02);
        Numbers.AreClose([4.0 / 3], dropped.max());
        Numbers.AreClose([1, 1], F.dropout(x, 0.25, false)[..2]);
        using var layer = nn.Dropout(0.5);
        layer.eval();
        Assert.IsTrue(x.Equals(layer.call(x)));
    }

    [TestMethod]
    public void InitialValuesHaveTheirSpread()
    {
        using var scope = NewDisposeScope();
        var weight = empty([40, 10, 3, 3], float64);
        nn.init.kaiming_normal_(weight, nonlinearity: nn.init.NonlinearityType.ReLU);
        Assert.AreEqual(Math.Sqrt(2.0 / 90), weight.std().ToDouble(), 0.005);
        nn.init.kaiming_normal_(weight, mode: nn.init.FanInOut.FanOut, nonlinearity: nn.init.NonlinearityType.ReLU);
        Assert.AreEqual(Math.Sqrt(2.0 / 360), weight.std().ToDouble(), 0.005);
        nn.init.kaiming_uniform_(weight, a: Math.Sqrt(5));
        Assert.AreEqual(1 / Math.Sqrt(90), weight.abs().max().ToDouble(), 0.001);
        nn.init.xavier_uniform_(weight);
        Assert.AreEqual(Math.Sqrt(6.0 / 450), weight.abs().max().ToDouble(), 0.001);
        Numbers.AreClose([2.5, 2.5], nn.init.constant_(empty([2]), 2.5));
        Numbers.AreClose([0, 0], nn.init.zeros_(nn.Parameter(ones([2]))));
        Numbers.AreClose([1, 1], nn.init.ones_(empty([2])));
    }
}
