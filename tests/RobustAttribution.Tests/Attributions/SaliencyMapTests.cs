using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

[TestClass]
public sealed class SaliencyMapTests
{
    private static readonly IAttributionMethod[] Methods = [new InputGradient(), new GradientTimesInput(), new SmoothGrad { Samples = 3 }];

    public static IEnumerable<object[]> Maps =>
        from method in Methods
        from sign in Enum.GetValues<MapSign>()
        from scale in Enum.GetValues<MapScale>()
        select new object[] { new SaliencyMap(method, new MapReduction(sign, scale)) };

    [TestMethod]
    [DynamicData(nameof(Maps))]
    public void AMapIsTheAttributionReduced(SaliencyMap map)
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
        Tensor actual = map.Of(network, images, classes);
        Tensor attribution = map.Method.Attribute(network, images, classes); // [4,2,8,8]
        Assert.IsFalse(actual.requires_grad);
        CollectionAssert.AreEqual(new long[] { 4, 8, 8 }, actual.shape);
        for (int i = 0; i < 4; i++)
        {
            Values.AreClose(
                MapReferences.Reduce(Values.Of(attribution[i]), 2, map.Reduction.Sign, map.Reduction.Scale),
                Values.Of(actual[i]),
                1e-12,
                $"image {i}");
        }
    }

    [TestMethod]
    public void NoScaleTurnsTheSignsOfAMap()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor attribution = tensor(new double[] { -1, -2, -3, -4, 1, -2, 3, -4, 0, 0, 0, 0 }).reshape(3, 1, 2, 2);
        foreach (MapScale scale in Enum.GetValues<MapScale>())
        {
            Tensor map = new MapReduction(MapSign.Signed, scale).Reduce(attribution);
            CollectionAssert.AreEqual(Values.Of(attribution.sign()), Values.Of(map.sign()), scale.ToString());
        }

        Values.AreClose([-1, -2, -3, -4, 1 / 3.0, -2 / 3.0, 1, -4 / 3.0, 0, 0, 0, 0], Values.Of(new MapReduction(MapSign.Signed, MapScale.Max).Reduce(attribution)), 1e-12);
        Values.AreClose([-0.1, -0.2, -0.3, -0.4, 0.5, -1, 1.5, -2, 0, 0, 0, 0], Values.Of(new MapReduction(MapSign.Signed, MapScale.Sum).Reduce(attribution)), 1e-12);
    }

    [TestMethod]
    [DynamicData(nameof(Maps))]
    public void TheMapOfThePredictedClassComesWithTheLogits(SaliencyMap map)
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork inner = TinyNetworks.Convolutional();
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (Tensor images, _) = TinyNetworks.Batch(network, 4);
        Tensor logits = network.Logits(images);
        counter.Reset();
        (Tensor maps, Tensor found) = map.OfPredicted(network, images);
        Assert.IsFalse(maps.requires_grad || found.requires_grad);
        if (map.Method is SinglePassAttribution)
        {
            Assert.AreEqual(1, counter.Calls, "forward passes");
        }

        Values.AreClose(logits, found, 0, "logits");
        Values.AreClose(map.Of(network, images, logits.argmax(1)), maps, 0, "maps");
    }

    [TestMethod]
    public void TheGraphGoesThroughTheReduction()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        var map = new SaliencyMap(reduction: new MapReduction(MapSign.Absolute, MapScale.Sum));
        Tensor direction = rand(images.shape, ScalarType.Float64) - 0.5;
        Tensor weights = rand([3, 8, 8], ScalarType.Float64);
        Tensor x = images.clone().requires_grad_(true);
        Tensor value = (map.Of(network, x, classes, createGraph: true) * weights).sum();
        Assert.IsTrue(value.requires_grad);
        Tensor slope = autograd.grad([value], [x])[0];
        double Value(double step) => (map.Of(network, images + (direction * step), classes) * weights).sum().ToDouble();
        Assert.AreEqual((Value(1e-6) - Value(-1e-6)) / 2e-6, (slope * direction).sum().ToDouble(), 1e-6);
    }

    [TestMethod]
    public void NothingIsLeftBehindAndMissingPartsAreNamed()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using Tensor small = images.narrow(3, 0, 4);
        NetworkState before = NetworkState.Of(network);
        foreach (SaliencyMap map in Methods.Select(method => new SaliencyMap(method)))
        {
            map.Of(network, images, classes).Dispose();
            (Tensor maps, Tensor logits) = map.OfPredicted(network, images);
            maps.Dispose();
            logits.Dispose();
            Assert.ThrowsExactly<ArgumentException>(() => map.Of(network, small, classes));
            Assert.ThrowsExactly<ArgumentException>(() => map.OfPredicted(network, small));
            before.IsUnchanged($"{map}");
        }

        Assert.AreEqual(new SaliencyMap(new InputGradient(), new MapReduction(MapSign.Absolute, MapScale.None)), new SaliencyMap());
        Assert.AreEqual("Method", Assert.ThrowsExactly<ArgumentNullException>(() => new SaliencyMap { Method = null! }).ParamName);
        Assert.AreEqual("Reduction", Assert.ThrowsExactly<ArgumentNullException>(() => new SaliencyMap { Reduction = null! }).ParamName);
    }
}
