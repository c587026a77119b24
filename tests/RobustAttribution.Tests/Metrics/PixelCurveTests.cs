using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

[TestClass]
public sealed class PixelCurveTests
{
    private static IEnumerable<object[]> Curves
        => [[new InsertionCurve()], [new InsertionCurve { Steps = 7 }], [new DeletionCurve()], [new DeletionCurve { Steps = 3 }]];

    [TestMethod]
    [DynamicData(nameof(Curves))]
    public void EachPointFollowsItsDefinition(PixelCurve curve)
    {
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            using IDisposable scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional(seed);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, seed: seed + 10);
            using var generator = new Generator(seed);
            Tensor maps = (rand([3, 8, 8], dtype: ScalarType.Float64, generator: generator) * 6).round(); // with ties
            using PixelCurveResult result = curve.Measure(network, images, classes, maps);
            Assert.AreEqual(curve.Steps, result.Shares.Count);
            network.Backbone.eval();
            for (int n = 0; n < 3; n++)
            {
                double[,] map = Values.Matrix(maps[n]);
                double[] expected =
                [
                    .. result.Shares.Select(share =>
                    {
                        int count = (int)Math.Round(share * 64);
                        return MetricReferences.Probability(
                            network, Values.Cube(images[n]), (int)classes[n].item<long>(),
                            (i, j) => MetricReferences.Rank(map, i, j) < count == curve is InsertionCurve);
                    }),
                ];
                Values.AreClose(expected, Values.Of(result.Values[n]), 1e-12, $"seed {seed}, image {n}");
                Assert.AreEqual(expected.Average(), result.Areas[n].item<double>(), 1e-12);
            }
        }
    }

    [TestMethod]
    public void TheSharesAreThoseOfTheProtocol()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using PixelCurveResult insertion = new InsertionCurve().Measure(network, images, classes, rand(3, 8, 8));
        using PixelCurveResult deletion = new DeletionCurve().Measure(network, images, classes, rand(3, 8, 8));
        Values.AreClose([.. Enumerable.Range(1, 20).Select(i => i * 0.05)], [.. insertion.Shares], 1e-15);
        Values.AreClose([.. Enumerable.Range(0, 20).Select(i => i * 0.05)], [.. deletion.Shares], 1e-15);
        Values.AreClose(insertion.Values.narrow(1, 19, 1), deletion.Values.narrow(1, 0, 1), 1e-14, "the whole image");
    }

    [TestMethod]
    public void TheMapThatTheNetworkRestsOnWins()
    {
        // A linear network's own weights, times the image, against that map turned around.
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 10);
        Tensor gradient = tensor(Enumerable.Range(0, 10)
            .SelectMany(n => MetricReferences.Gradient(network, network.Normalize(images[n].unsqueeze(0)), classes[n].unsqueeze(0))).ToArray());
        Tensor contributions = (gradient.reshape(images.shape) * network.Normalize(images)).sum(1);
        foreach (PixelCurve curve in new PixelCurve[] { new InsertionCurve(), new DeletionCurve() })
        {
            using PixelCurveResult good = curve.Measure(network, images, classes, contributions);
            using PixelCurveResult bad = curve.Measure(network, images, classes, -contributions);
            double gain = (good.Areas - bad.Areas).mean().item<double>();
            Assert.IsTrue(curve.HigherIsBetter ? gain > 0.05 : gain < -0.05, $"{curve}: {gain}");
        }
    }

    [TestMethod]
    public void SmallImagesRoundToWholePixels()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear(size: 2);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using PixelCurveResult result = new InsertionCurve().Measure(network, images, classes, rand(3, 2, 2));
        Tensor empty = nn.functional.softmax(network.LogitsOfNormalized(zeros_like(images)), 1).gather(1, classes.unsqueeze(1));
        Values.AreClose(empty, result.Values.narrow(1, 0, 1), 1e-14, "no pixel");
        Assert.AreEqual(result.Values[0, 4].item<double>(), result.Values[0, 5].item<double>(), "0.25 and 0.3 of 4 pixels are one");
    }

    [TestMethod]
    public void WrongMapsAreRefused()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new InsertionCurve().Measure(network, images, classes, rand(3, 8, 7))).Message,
            "[3,8,7]; allowed is [3,8,8]");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => new DeletionCurve().Measure(network, images, classes, where(arange(3).reshape(3, 1, 1).eq(1), double.NaN, zeros(3, 8, 8)))).Message,
            "maps holds a value that is not finite in map 1 of 3");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new InsertionCurve { Steps = 0 }).Message, "Steps is 0");
    }
}
