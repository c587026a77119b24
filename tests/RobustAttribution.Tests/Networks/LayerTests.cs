using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

[TestClass]
public sealed class LayerTests
{
    [TestMethod]
    public void ConvertedParametersAreLeavesThatCanBeTrained()
    {
        using ImageNetwork network = TinyNetworks.Linear(channels: 3, size: 1, classes: 2, type: ScalarType.Float32);
        TorchSharp.Modules.Parameter Weight() => network.Backbone.named_parameters().Single(entry => entry.name == "1.weight").parameter;
        double[] before = Values.Of(Weight());
        using (NewDisposeScope())
        {
            network.MoveTo(CPU, ScalarType.Float64);
        }

        Assert.IsTrue(Weight().is_leaf && Weight().requires_grad);
        Assert.AreEqual(ScalarType.Float64, Weight().dtype);
        CollectionAssert.AreEqual(before, Values.Of(Weight()));
        CollectionAssert.AreEqual(new[] { "1.weight", "1.bias" }, network.Backbone.named_parameters().Select(parameter => parameter.name).ToArray());

        using var scope = NewDisposeScope();
        optim.Optimizer optimizer = optim.SGD(network.Backbone.parameters(), 0.5);
        network.LogitsOfNormalized(ones([1, 3, 1, 1], ScalarType.Float64, CPU)).sum().backward();
        optimizer.step();
        Values.AreClose([.. before.Select(value => value - 0.5)], Values.Of(Weight()), 1e-12);
    }

    [TestMethod]
    public void ABatchCounterKeepsItsTypeAndOutlivesTheScopeOfItsConversion()
    {
        using ImageNetwork network = TinyNetworks.Create(
            new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages }, type: ScalarType.Float32);
        using (NewDisposeScope())
        {
            network.MoveTo(CPU, ScalarType.Float64);
        }

        using var scope = NewDisposeScope();
        network.Backbone.train();
        network.Logits(TinyNetworks.Batch(network).Images);
        Tensor[] counters =
        [
            .. network.Backbone.named_buffers()
                .Where(entry => entry.name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                .Select(entry => entry.buffer),
        ];
        Assert.IsNotEmpty(counters);
        foreach (Tensor counter in counters)
        {
            Assert.AreEqual(ScalarType.Int64, counter.dtype);
            Assert.AreEqual(1, counter.item<long>());
        }
    }
}
