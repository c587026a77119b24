using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

[TestClass]
public sealed class LayerTests
{
    [TestMethod]
    [DataRow(3, 1, 1, true)]
    [DataRow(3, 2, 1, false)]
    [DataRow(7, 2, 3, true)]
    [DataRow(1, 2, 0, false)]
    public void ConvolutionIsItsDefinition(int kernel, int stride, int padding, bool hasBias)
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(3, CPU);
        using var layer = new ConvolutionLayer(2, 3, kernel, stride, padding, hasBias, generator);
        Tensor x = randn([1, 2, 9, 8], ScalarType.Float32, CPU, false, generator);

        double[,,] expected = LayerReferences.Convolution(Values.Cube(x[0]), Values.Kernel(layer.Weight), layer.Bias is null ? null : Values.Of(layer.Bias), stride, padding);

        Tensor actual = layer.call(x);
        CollectionAssert.AreEqual(new long[] { 1, 3, expected.GetLength(1), expected.GetLength(2) }, actual.shape);
        Values.AreClose(Values.Flat(expected), Values.Of(actual), 1e-5);
    }

    [TestMethod]
    [DataRow(2, 2, 0)]
    [DataRow(3, 2, 1)]
    public void MaxPoolIsItsDefinition(int size, int stride, int padding)
    {
        using var scope = NewDisposeScope();
        using var layer = new MaxPoolLayer(size, stride, padding);
        Tensor x = randn([1, 2, 9, 7], ScalarType.Float64, CPU, false, new Generator(4, CPU));

        Values.AreClose(Values.Flat(LayerReferences.MaxPool(Values.Cube(x[0]), size, stride, padding)), Values.Of(layer.call(x)), 0);
    }

    [TestMethod]
    public void LinearAndGlobalAverageAreTheirDefinitions()
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(5, CPU);
        using var linear = new LinearLayer(6, 4, true, generator);
        using var pool = new GlobalAveragePoolLayer();
        Tensor row = randn([1, 6], ScalarType.Float32, CPU, false, generator);
        Tensor maps = randn([1, 3, 2, 5], ScalarType.Float64, CPU, false, generator);

        Values.AreClose(LayerReferences.Linear(Values.Of(row), Values.Matrix(linear.Weight), Values.Of(linear.Bias!)), Values.Of(linear.call(row)), 1e-5);
        Values.AreClose([.. Enumerable.Range(0, 3).Select(channel => Values.Of(maps[0, channel]).Average())], Values.Of(pool.call(maps)), 1e-12);
    }

    [TestMethod]
    public void BatchNormalizationUsesTheBatchInTrainingAndTheRunningStatisticsInEvaluation()
    {
        using var scope = NewDisposeScope();
        using var layer = new BatchNormalizationLayer(2);
        Tensor x = randn([4, 2, 3, 3], ScalarType.Float32, CPU, false, new Generator(6, CPU)) * 2 + 1;
        double[][] channels = [Values.Of(x[TensorIndex.Colon, 0]), Values.Of(x[TensorIndex.Colon, 1])];

        Tensor trained = layer.call(x);
        layer.eval();
        Tensor evaluated = layer.call(x);

        for (int c = 0; c < 2; c++)
        {
            double mean = channels[c].Average(), variance = channels[c].Average(value => (value - mean) * (value - mean));
            double runningMean = 0.1 * mean, runningVariance = 0.9 + (0.1 * variance * channels[c].Length / (channels[c].Length - 1));
            Values.AreClose([.. channels[c].Select(value => (value - mean) / Math.Sqrt(variance + 1e-5))], Values.Of(trained[TensorIndex.Colon, c]), 1e-5, "training");
            Values.AreClose([.. channels[c].Select(value => (value - runningMean) / Math.Sqrt(runningVariance + 1e-5))], Values.Of(evaluated[TensorIndex.Colon, c]), 1e-5, "evaluation");
        }

        Assert.AreEqual(1L, layer.named_buffers().Single(buffer => buffer.name == "num_batches_tracked").buffer.item<long>());
    }

    [TestMethod]
    public void BatchNormalizationCoefficientsGiveTheEvaluationOutput()
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(8, CPU);
        using var layer = new BatchNormalizationLayer(2);
        using (no_grad())
        {
            layer.Weight.uniform_(0.5, 2, generator);
            layer.Bias.uniform_(-1, 1, generator);
        }

        Tensor x = randn([2, 2, 3, 3], ScalarType.Float32, CPU, false, generator);
        layer.call(x);
        layer.eval();

        (Tensor scale, Tensor shift) = layer.InferenceCoefficients();
        Values.AreClose(layer.call(x), (x * scale.reshape(1, 2, 1, 1)) + shift.reshape(1, 2, 1, 1), 1e-5);
    }

    [TestMethod]
    public void ConvertedParametersAreLeavesThatCanBeTrained()
    {
        using var layer = new LinearLayer(3, 2, true, new Generator(1, CPU));
        double[] before = Values.Of(layer.Weight);
        layer.ConvertTo(CPU, ScalarType.Float64);

        Assert.IsTrue(layer.Weight.is_leaf && layer.Weight.requires_grad);
        Assert.AreEqual(ScalarType.Float64, layer.Weight.dtype);
        CollectionAssert.AreEqual(before, Values.Of(layer.Weight));
        CollectionAssert.AreEqual(new[] { "weight", "bias" }, layer.named_parameters().Select(parameter => parameter.name).ToArray());

        using var scope = NewDisposeScope();
        optim.Optimizer optimizer = optim.SGD(layer.parameters(), 0.5);
        layer.call(ones([1, 3], ScalarType.Float64, CPU)).sum().backward();
        optimizer.step();
        Values.AreClose([.. before.Select(value => value - 0.5)], Values.Of(layer.Weight), 1e-12);
    }

    [TestMethod]
    public void ABatchCounterKeepsItsTypeAndOutlivesTheScopeOfItsConversion()
    {
        using ImageNetwork network = TinyNetworks.Create(new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallPictures }, type: ScalarType.Float32);
        using (NewDisposeScope())
        {
            network.MoveTo(CPU, ScalarType.Float64);
        }

        using var scope = NewDisposeScope();
        network.Backbone.train();
        network.Logits(TinyNetworks.Batch(network).Images);
        Tensor[] counters = [.. network.Backbone.named_buffers().Where(entry => entry.name.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Select(entry => entry.buffer)];
        Assert.IsNotEmpty(counters);
        foreach (Tensor counter in counters)
        {
            Assert.AreEqual(ScalarType.Int64, counter.dtype);
            Assert.AreEqual(1, counter.item<long>());
        }
    }
}
