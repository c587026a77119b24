using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Certificates;

[TestClass]
public sealed class CertifiedSaliencyTests
{
    public static IEnumerable<object[]> Maps =>
    [
        [new SaliencyMap()],
        [new SaliencyMap(new GradCam { Layer = "conv2" }, new MapReduction(MapSign.Positive))],
        [new SaliencyMap(new GradientTimesInput(), new MapReduction(MapSign.Signed, MapScale.AbsMax))],
        [new SaliencyMap(new SmoothGrad { Samples = 2, NoiseLevel = 0.1 })],
    ];

    [TestMethod]
    [DynamicData(nameof(Maps))]
    public void IsTheDefinition(SaliencyMap map)
    {
        using ImageNetwork network = TinyNetworks.Convolutional();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, _) = TinyNetworks.Batch(network);
        var certify = new CertifiedSaliency { Map = map, TopShare = 0.3, Sigma = 0.1, Samples = 60, Seed = 9 };
        network.Backbone.eval();
        Tensor classes = network.Logits(images).argmax(1);
        int[] expected = [.. Enumerable.Range(0, 3).SelectMany(i => CertificateReferences.Counts(
            network, map, images.narrow(0, i, 1), classes.narrow(0, i, 1), k: 19, certify.Sigma, certify.Samples, certify.Seed))];
        int[] labels = [.. expected.Chunk(64).SelectMany(image => CertificateReferences.Labels(image, 60, 3, 4, 0.001))];
        foreach (long budget in new[] { 1, 200_000, 512L << 20 })
        {
            using CertifiedMaps found = (certify with { MemoryBudget = budget }).Certify(network, images);
            CollectionAssert.AreEqual(expected, Values.Of(found.Counts).Select(count => (int)count).ToArray(), $"counts, budget {budget}");
            CollectionAssert.AreEqual(labels, Values.Of(found.Labels).Select(label => (int)label).ToArray(), $"labels, budget {budget}");
            CollectionAssert.AreEqual(
                labels.Chunk(64).Select(image => image.Average(label => Math.Abs(label))).ToArray(), Values.Of(found.CertifiedShares()));
            Assert.AreEqual(0.1 * 0.6744897501960817, found.Radius, 1e-15);
            Assert.AreEqual(60, found.Samples);
            CollectionAssert.AreEqual(new long[] { 3, 8, 8 }, found.Labels.shape);
        }

        Assert.IsGreaterThan(1, labels.Distinct().Count(), "labels of more than one kind");
    }

    [TestMethod]
    public void AnImagesCertificateDependsOnNoOther()
    {
        using ImageNetwork network = TinyNetworks.Convolutional(type: ScalarType.Float64);
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 70); // more than one pass's images
        var certify = new CertifiedSaliency { Samples = 30, Tau = 0.5 };
        using CertifiedMaps all = certify.Certify(network, images, classes);
        using CertifiedMaps one = certify.Certify(network, images.narrow(0, 67, 1), classes.narrow(0, 67, 1));
        CollectionAssert.AreEqual(Values.Of(all.Counts.narrow(0, 67, 1)), Values.Of(one.Counts));
        using CertifiedMaps other = (certify with { Seed = 1 }).Certify(network, images.narrow(0, 67, 1), classes.narrow(0, 67, 1));
        CollectionAssert.AreNotEqual(Values.Of(one.Counts), Values.Of(other.Counts), "the seed decides the noise");
    }

    [TestMethod]
    public void TheClassIsTheGivenOneOrThatOfTheCleanImage()
    {
        using ImageNetwork network = TinyNetworks.Convolutional();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, _) = TinyNetworks.Batch(network);
        network.Backbone.eval();
        Tensor predicted = network.Logits(images).argmax(1);
        var certify = new CertifiedSaliency { Samples = 20, Tau = 0.5 };
        using CertifiedMaps implied = certify.Certify(network, images);
        using CertifiedMaps given = certify.Certify(network, images, predicted);
        using CertifiedMaps another = certify.Certify(network, images, (predicted + 1).remainder(4));
        CollectionAssert.AreEqual(Values.Of(given.Counts), Values.Of(implied.Counts));
        CollectionAssert.AreNotEqual(Values.Of(another.Counts), Values.Of(implied.Counts));
    }

    [TestMethod]
    public void ALinearNetworksGradientIsCertifiedEverywhere()
    {
        // Its gradient is the same at every point, so every copy agrees.
        using ImageNetwork network = TinyNetworks.Linear();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using CertifiedMaps found = new CertifiedSaliency { TopShare = 0.25 }.Certify(network, images, classes);
        Tensor map = new SaliencyMap().Of(network, images, classes);
        Tensor expected = map.ge(map.flatten(1).topk(16, 1).values.amin([1]).reshape(3, 1, 1)).to(ScalarType.Int8);
        Values.AreClose((expected * 2) - 1, found.Labels, 0);
        CollectionAssert.AreEqual(new double[] { 1, 1, 1 }, Values.Of(found.CertifiedShares()));
    }

    [TestMethod]
    public void TiedPixelsAtTheBorderAreNotSalientAndAConstantMapHasNone()
    {
        using ImageNetwork network = TinyNetworks.Linear();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 1);
        using CertifiedMaps constant = new CertifiedSaliency { Map = new(new Fixed(_ => 3)) }.Certify(network, images, classes);
        CollectionAssert.AreEqual(Enumerable.Repeat(-1.0, 64).ToArray(), Values.Of(constant.Labels));
        using CertifiedMaps tied = new CertifiedSaliency { Map = new(new Fixed(i => i < 3 ? 2 : i < 20 ? 1 : 0)), TopShare = 0.25 }.Certify(network, images, classes);
        CollectionAssert.AreEqual(Enumerable.Range(0, 64).Select(i => i < 3 ? 1.0 : -1).ToArray(), Values.Of(tied.Labels), "3 above, 17 tied for 13 places");
    }

    [TestMethod]
    public void MoreSamplesCertifyMoreAndAHigherTauLessOfALargerRadius()
    {
        using ImageNetwork network = TinyNetworks.Convolutional();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 8);
        double Share(int samples, double tau)
        {
            using CertifiedMaps found = new CertifiedSaliency { Samples = samples, Tau = tau, Sigma = 0.1 }.Certify(network, images, classes);
            using Tensor shares = found.CertifiedShares();
            return Values.Of(shares).Average();
        }

        double[] bySamples = [.. new[] { 50, 100, 400 }.Select(samples => Share(samples, 0.75))];
        Assert.IsTrue(bySamples[0] < bySamples[1] && bySamples[1] < bySamples[2], string.Join(' ', bySamples));
        double[] byTau = [.. new[] { 0.5, 0.75, 0.9 }.Select(tau => Share(400, tau))];
        Assert.IsTrue(byTau[0] > byTau[1] && byTau[1] > byTau[2] && byTau[2] > 0, string.Join(' ', byTau));
        double[] radii = [.. new[] { 0.5, 0.75, 0.9 }.Select(tau => new CertifiedSaliency { Tau = tau, Sigma = 0.1 }.Radius)];
        Assert.IsTrue(radii[0] == 0 && radii[0] < radii[1] && radii[1] < radii[2], string.Join(' ', radii));
        Assert.AreEqual(2 * radii[2], new CertifiedSaliency { Tau = 0.9, Sigma = 0.2 }.Radius, 1e-15);
    }

    [TestMethod]
    [DataRow("normal")]
    [DataRow("wrong class")]
    [DataRow("network throws")]
    public void NothingIsLeftBehind(string situation)
    {
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(TinyNetworks.Convolutional());
        using IDisposable owned = network;
        network.Backbone.train();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5);
        var certify = new CertifiedSaliency { Samples = 20, Tau = 0.5, MemoryBudget = 100_000 };
        certify.Certify(network, images, classes).Dispose(); // measures the network
        counter.Reset();
        certify.Certify(network, images, classes).Dispose();
        counter.FailingCall = situation == "network throws" ? counter.Calls : 0; // the last one
        counter.Reset();
        classes = situation == "wrong class" ? full_like(classes, 99) : classes;
        NetworkState before = NetworkState.Of(network);
        try
        {
            certify.Certify(network, images, classes).Dispose();
            Assert.AreEqual("normal", situation, "it should have failed");
        }
        catch (Exception error) when (situation != "normal" && error is not UnitTestAssertException)
        {
        }

        before.IsUnchanged(situation);
    }

    [TestMethod]
    public void WhatCannotBeCertifiedIsRefusedByName()
    {
        using ImageNetwork network = TinyNetworks.Linear();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        Outside(() => new CertifiedSaliency { Sigma = 0 }, "Sigma is 0; allowed is a finite number above 0");
        Outside(() => new CertifiedSaliency { Samples = 0 }, "Samples is 0; allowed is a whole number from 1 to 100000");
        Outside(() => new CertifiedSaliency { Tau = 0.49 }, "Tau is 0.49; allowed is a number from 0.5 and below 1");
        Outside(() => new CertifiedSaliency { Tau = 1 }, "Tau is 1; allowed is a number from 0.5 and below 1");
        Outside(() => new CertifiedSaliency { Alpha = 0 }, "Alpha is 0; allowed is a number above 0 and below 0.5");
        Outside(() => new CertifiedSaliency { TopShare = 1 }, "TopShare is 1; allowed is a number above 0 and below 1");
        Outside(() => new CertifiedSaliency { TopShare = double.NaN }, "TopShare is NaN");
        Outside(() => new CertifiedSaliency { MemoryBudget = 0 }, "MemoryBudget is 0");
        Refused(new CertifiedSaliency { TopShare = 0.001 }, "TopShare is 0.001, which is 0 of the 8×8 = 64 pixels of the map; allowed are 1 to 63.");
        Refused(new CertifiedSaliency { Samples = 40 }, "Samples is 40, with which no pixel of 8×8 can be certified at Tau 0.75 and Alpha 0.001; allowed are 41 and more.");
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(
            () => new CertifiedSaliency { Map = new(new Fixed(i => i == 5 ? double.NaN : i)) }.Certify(network, images, classes));
        StringAssert.Contains(error.Message, "Fixed computed a map with NaN or infinity for a noisy copy of image 0");

        void Refused(CertifiedSaliency certify, string text)
            => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => certify.Certify(network, images, classes)).Message, text);

        static void Outside(Func<CertifiedSaliency> make, string text)
            => StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(make).Message, text);
    }

    /// <summary>The same values at every image; not differentiable.</summary>
    private sealed record Fixed(Func<int, double> Value) : IAttributionMethod
    {
        public bool IsDifferentiable => false;

        public Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
        {
            using IDisposable scope = NewDisposeScope();
            double[] values = [.. Enumerable.Range(0, (int)(images.shape[2] * images.shape[3])).Select(Value)];
            return tensor(values).reshape(1, 1, images.shape[2], images.shape[3]).repeat(images.shape[0], 1, 1, 1).MoveToOuterDisposeScope();
        }
    }
}
