using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace StandIns.Tests.Torch;

/// <summary>Double backward against finite differences of the gradient, in float64.</summary>
[TestClass]
public sealed class SecondDerivativeTests
{
    private const double Step = 1e-5;

    public static IEnumerable<object[]> Functions()
    {
        using var generator = new Generator(11);
        var kernel = randn([3, 2, 3, 3], float64, generator: generator);
        var matrix = randn([5, 32], float64, generator: generator);
        var mean = randn([2], float64, generator: generator);
        var variance = rand([2], float64, generator: generator) + 0.5;
        var scale = randn([2], float64, generator: generator);
        yield return ["conv2d", (Tensor x) => F.conv2d(x, kernel, padding: [1, 1]).pow(3).sum()];
        yield return ["linear", (Tensor x) => F.linear(x.flatten(1), matrix).tanh().sum()];
        yield return ["softplus", (Tensor x) => F.softplus(x, 3, 20).sum()];
        yield return ["batch_norm", (Tensor x) => F.batch_norm(x, mean, variance, scale, null, false).sin().sum()];
        yield return ["avg_pool2d", (Tensor x) => F.avg_pool2d(x, 2).exp().sum()];
        yield return ["silu", (Tensor x) => x.silu().pow(2).sum()];
        yield return ["cross_entropy", (Tensor x) => F.cross_entropy(x.flatten(1), tensor([3L, 7L]))];
        yield return ["cosine", (Tensor x) => F.cosine_similarity(x.flatten(1), matrix[..2], 1).sum()];
        yield return ["bilinear", (Tensor x) => F.interpolate(x, [7, 7], mode: InterpolationMode.Bilinear, align_corners: false).pow(3).sum()];
    }

    [TestMethod]
    [DynamicData(nameof(Functions))]
    public void HessianVectorProductEqualsFiniteDifference(string name, Func<Tensor, Tensor> function)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var x = randn([2, 2, 4, 4], float64, generator: generator).requires_grad_();
        var direction = randn([2, 2, 4, 4], float64, generator: generator);

        var gradient = Gradient(function, x, createGraph: true);
        var product = autograd.grad([gradient], [x], [direction])[0];

        using var unrecorded = no_grad();
        var ahead = Gradient(function, (x + (direction * Step)).detach().requires_grad_(), createGraph: false);
        var behind = Gradient(function, (x - (direction * Step)).detach().requires_grad_(), createGraph: false);
        var expected = (ahead - behind) / (2 * Step);
        var error = (product - expected).abs().max().ToDouble() / Math.Max(1, expected.abs().max().ToDouble());
        Assert.IsLessThan(1e-7, error, name);
        Assert.IsGreaterThan(1e-3, expected.abs().max().ToDouble(), name);
    }

    private static Tensor Gradient(Func<Tensor, Tensor> function, Tensor x, bool createGraph)
    {
        using var recorded = enable_grad();
        return autograd.grad([function(x)], [x], retain_graph: createGraph, create_graph: createGraph)[0];
    }
}
