using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

/// <summary>SmoothGrad and its relatives against their definitions.</summary>
[TestClass]
public sealed class NoisyAttributionTests
{
    [TestMethod]
    public void OneNoiselessSampleIsTheInnerAttribution()
    {
        foreach (IAttributionMethod inner in new IAttributionMethod[]
        {
            new InputGradient(), new IntegratedGradients { Steps = 3 }, new LayerwiseRelevance(), new GradCam(),
        })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Residual();
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            Tensor plain = inner.Attribute(network, images, classes);
            Values.AreClose(plain, new SmoothGrad { Inner = inner, Samples = 1, NoiseLevel = 0 }.Attribute(network, images, classes), 0);
            Values.AreClose(
                plain.square(), new SquaredSmoothGrad { Inner = inner, Samples = 1, NoiseLevel = 0 }.Attribute(network, images, classes), 0);
            Values.AreClose(
                zeros_like(plain), new VarianceGrad { Inner = inner, Samples = 1, NoiseLevel = 0 }.Attribute(network, images, classes), 0);
        }
    }

    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    public void MeanSquareAndVarianceAreTheirDefinitions(ulong seed)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork plain = TinyNetworks.Convolutional();
        var input = plain.Input with { LowerBound = -1, UpperBound = 1 };
        using var network = new ImageNetwork(plain.Backbone, input, 4);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using var wider = new ImageNetwork(plain.Backbone, input with { LowerBound = -9, UpperBound = 9 }, 4); // noisy images are not clamped
        var generator = new Generator(seed, CPU);
        List<double[]> samples = [];
        for (int i = 0; i < 7; i++)
        {
            // Half of the noise level's range of 2, the same noise for every image.
            Tensor noise = randn([1, 2, 8, 8], ScalarType.Float32, CPU, false, generator).to(ScalarType.Float64);
            samples.Add(Values.Of(new InputGradient().Attribute(wider, images + (noise * 0.5), classes)));
        }

        double[] mean = Over(values => values.Average());
        foreach (long budget in new[] { 1, 50_000, 1L << 30 })
        {
            Values.AreClose(mean, Explained(new SmoothGrad()), 1e-12);
            Values.AreClose(Over(values => values.Average(value => value * value)), Explained(new SquaredSmoothGrad()), 1e-12);
            Values.AreClose(Over(values => values.Average(value => Math.Pow(value - values.Average(), 2))), Explained(new VarianceGrad()), 1e-12);

            double[] Explained(NoisyAttribution method)
                => Values.Of((method with { Samples = 7, NoiseLevel = 0.25, Seed = seed, MemoryBudget = budget })
                    .Attribute(network, images, classes));
        }

        double[] Over(Func<double[], double> summary)
            => [.. Enumerable.Range(0, samples[0].Length).Select(i => summary([.. samples.Select(sample => sample[i])]))];
    }

    [TestMethod]
    public void TheSeedDecidesTheNoiseAndNothingElseDoes()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        manual_seed(3);
        double[] untouched = Values.Of(rand([3]));
        manual_seed(3);
        Tensor first = new SmoothGrad { Samples = 2 }.Attribute(network, images, classes);
        CollectionAssert.AreEqual(untouched, Values.Of(rand([3])), "the global generator");
        Assert.IsFalse(first.eq(new SmoothGrad { Samples = 2, Seed = 1 }.Attribute(network, images, classes)).all().ToBoolean());
    }

    [TestMethod]
    public void NoiseAroundWhatCannotBeDifferentiatedCannotBeEither()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        var method = new SmoothGrad { Inner = new Deconvolution(), Samples = 2 };
        Assert.IsFalse(method.IsDifferentiable);
        StringAssert.Contains(
            Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes, createGraph: true)).Message, "createGraph");
        Assert.IsTrue(Values.Of(method.Attribute(network, images, classes)).All(double.IsFinite));
    }
}
