using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

[TestClass]
public sealed class CurvatureTests
{
    private const int Count = 3;

    [TestMethod]
    public void TheUpperBoundsTermsFollowTheirDefinitions()
    {
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            using IDisposable scope = NewDisposeScope();
            using ImageNetwork network = Network(seed);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, seed: seed);
            (Tensor perturbed, _) = TinyNetworks.Batch(network, seed: seed + 50);
            using UpperBoundReport report = UpperBoundReport.Measure(network, images, perturbed, classes);
            network.Backbone.eval();
            for (int n = 0; n < Count; n++)
            {
                (Tensor x, Tensor y, Tensor target) = (Normalized(network, images, n), Normalized(network, perturbed, n), classes.narrow(0, n, 1));
                double[] g = MetricReferences.Gradient(network, x, target), h = MetricReferences.Gradient(network, y, target);
                double[] product = MetricReferences.Product(MetricReferences.Hessian(network, x, target), Values.Of(y - x));
                double norm = MetricReferences.Norm(g);
                Assert.AreEqual(g.Zip(h, (a, b) => (a - b) * (a - b)).Sum(), report.SquaredDistance[n].item<double>(), 1e-12);
                Assert.AreEqual(
                    1 - (g.Zip(h, (a, b) => a * b).Sum() / norm / MetricReferences.Norm(h)), report.CosineDistance[n].item<double>(), 1e-12);
                Assert.AreEqual(MetricReferences.Norm(product), report.HessianVectorNorm[n].item<double>(), 1e-6 * MetricReferences.Norm(product));
                Assert.AreEqual(
                    MetricReferences.Norm(product) / norm,
                    report.RelativeHessianVectorNorm[n].item<double>(),
                    1e-6 * MetricReferences.Norm(product) / norm);
            }
        }
    }

    [TestMethod]
    public void TheHessianVectorIsTheFirstOrderOfTheGradientsChange()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = Network(4);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        (Tensor other, _) = TinyNetworks.Batch(network, seed: 8);
        using UpperBoundReport report = UpperBoundReport.Measure(network, images, images + ((other - images) * 1e-5), classes);
        Values.AreClose(report.HessianVectorNorm / report.SquaredDistance.sqrt(), ones(Count, dtype: ScalarType.Float64), 1e-4);
    }

    [TestMethod]
    public void ANetworkWithoutCurvatureHasNone()
    {
        foreach (ImageNetwork network in new[] { TinyNetworks.Linear(), TinyNetworks.Convolutional(activation: Activation.Relu) })
        {
            using IDisposable scope = NewDisposeScope();
            using ImageNetwork owned = network;
            using var generator = new Generator(1);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using UpperBoundReport report = UpperBoundReport.Measure(network, images, 1 - images, classes);
            Values.AreClose(report.HessianVectorNorm, zeros(Count, dtype: ScalarType.Float64), 0);
            Values.AreClose(report.RelativeHessianVectorNorm, zeros(Count, dtype: ScalarType.Float64), 0);
            Values.AreClose(new HessianNorm().Measure(network, images, classes, generator), zeros(Count, dtype: ScalarType.Float64), 0);
        }
    }

    [TestMethod]
    public void WithoutAGradientTheRelativeTermsAreUndefined()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        using (no_grad())
        {
            foreach (Tensor parameter in network.Backbone.parameters())
            {
                parameter.zero_();
            }
        }

        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using UpperBoundReport report = UpperBoundReport.Measure(network, images, 1 - images, classes);
        Assert.IsTrue(report.CosineDistance.isnan().all().item<bool>());
        Assert.IsTrue(report.RelativeHessianVectorNorm.isnan().all().item<bool>());
        Values.AreClose(report.SquaredDistance, zeros(Count, dtype: ScalarType.Float64), 0);
    }

    [TestMethod]
    public void OneDrawOfTheHessianNormFollowsItsDefinition()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = Network(5);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using var generator = new Generator(9);
        using var twin = new Generator(9);
        using Tensor actual = new HessianNorm { Draws = 2 }.Measure(network, images, classes, generator);
        Tensor[] draws = [randn(images.shape, dtype: ScalarType.Float64, generator: twin),
            randn(images.shape, dtype: ScalarType.Float64, generator: twin)];
        network.Backbone.eval();
        for (int n = 0; n < Count; n++)
        {
            double[,] hessian = MetricReferences.Hessian(network, Normalized(network, images, n), classes.narrow(0, n, 1));
            double mean = draws.Average(v => Math.Pow(MetricReferences.Norm(MetricReferences.Product(hessian, Values.Of(v[n]))), 2));
            Assert.AreEqual(Math.Sqrt(mean), actual[n].item<double>(), 1e-6 * Math.Sqrt(mean));
        }
    }

    [TestMethod]
    public void ManyDrawsOfTheHessianNormGiveTheFrobeniusNorm()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = Network(6);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using var generator = new Generator(9);
        using Tensor actual = new HessianNorm { Draws = 3000 }.Measure(network, images, classes, generator);
        network.Backbone.eval();
        for (int n = 0; n < Count; n++)
        {
            double[,] hessian = MetricReferences.Hessian(network, Normalized(network, images, n), classes.narrow(0, n, 1));
            double frobenius = MetricReferences.Norm(hessian.Cast<double>());
            Assert.AreEqual(1, actual[n].item<double>() / frobenius, 0.05, $"image {n}"); // √(2/3000)/2 is 0.013
        }
    }

    [TestMethod]
    public void OptionsOutsideTheirRangeAreRefusedByName()
        => StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new HessianNorm { Draws = 0 }).Message, "Draws is 0");

    private static ImageNetwork Network(ulong seed) => TinyNetworks.Convolutional(seed, channels: 1, size: 4);

    private static Tensor Normalized(ImageNetwork network, Tensor images, int index) => network.Normalize(images.narrow(0, index, 1));
}
