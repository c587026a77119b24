using System.Diagnostics;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Certificates;

/// <summary>
/// A certificate is a promise about every perturbation of its radius: on a trained network neither the top-k attack on the smoothed map nor random
/// directions break one. The decision at the perturbed image is estimated afresh, and contradicts a certificate where it is certified, at any
/// distance from one half, to be the other one.
/// </summary>
[TestClass]
public sealed class CertificateAttackTests
{
    private const int Size = 12;
    private static readonly CertifiedSaliency Certify = new() { TopShare = 0.2, Sigma = 0.25, Samples = 100, Tau = 0.75 };
    private static readonly Lazy<ImageNetwork> Network = new(Train);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void NoCertificateIsContradictedWithinTheRadius()
    {
        Found found = Attack(30, share: 1);
        Assert.IsTrue(found is { Important: > 100, Unimportant: > 1000 }, $"{found}");
        TestContext.WriteLine($"{found}");
        Assert.AreEqual(0, found.Contradicted, $"{found}");
    }

    [TestMethod]
    [TestCategory("Long")]
    public void NoneOfAThousandImagesCertificatesIsContradictedWithinTheRadius()
    {
        var clock = Stopwatch.StartNew();
        Found found = Attack(1000, share: 1);
        TestContext.WriteLine($"{found}, {clock.Elapsed.TotalSeconds:F0} s");
        Assert.AreEqual(0, found.Contradicted, $"{found}");
    }

    [TestMethod]
    public void FarOutsideOfTheRadiusTheSameAttackContradictsSome()
    {
        Found found = Attack(30, share: 16);
        TestContext.WriteLine($"{found}");
        Assert.IsGreaterThan(0, found.Contradicted, $"{found}");
    }

    /// <summary>Certifies, attacks with a share of the radius, and estimates the decisions again from other noise.</summary>
    private static Found Attack(int images, double share)
    {
        ImageNetwork network = Network.Value;
        double radius = share * Certify.Radius;
        var attack = new TopKAttack
        {
            K = (int)(Certify.TopShare * Size * Size),
            Attribution = new SmoothGrad { Samples = 16, NoiseLevel = Certify.Sigma, Seed = 3 },
            ThreatModel = new L2Ball(radius),
            Step = new SteepestStep(radius / 4),
            Steps = 10,
            RandomStart = true,
            KeepPrediction = false,
        };
        CertifiedSaliency afresh = Certify with { Samples = 400, Tau = 0.5, Seed = 1000 };
        var found = new Found(0, 0, 0, 0, 0);
        using var generator = new Generator(11);
        TensorBatchSource source = TrainingProblems.Images(images, seed: 77, size: Size);
        foreach (ImageBatch batch in source.Read(50))
        {
            using ImageBatch owned = batch;
            using IDisposable scope = NewDisposeScope();
            Tensor clean = batch.Images.to(ScalarType.Float32) / 255.0;
            Tensor classes = network.Logits(clean).argmax(1);
            using CertifiedMaps certificates = Certify.Certify(network, clean, classes);
            Tensor direction = randn(clean.shape, ScalarType.Float32, generator: generator);
            Tensor random = clean + (direction * (radius / direction.flatten(1).norm(1).reshape(-1, 1, 1, 1)));
            AttackResult attacked = attack.Perturb(network, clean, classes, generator);
            Tensor distance = (attacked.Images - clean).flatten(1).norm(1);
            Assert.IsLessThan(radius * 1.0001, distance.max().item<float>());
            double length = distance.mean().item<float>() / radius * clean.shape[0] / images;
            found += new Found(certificates.Labels.eq(1).sum().item<long>(), certificates.Labels.eq(-1).sum().item<long>(), 0, 0, length);
            foreach (Tensor perturbed in new[] { attacked.Images, random.clamp(0, 1) })
            {
                using CertifiedMaps now = afresh.Certify(network, perturbed, classes);
                Tensor otherWay = (now.Counts * 2).sub(afresh.Samples).sign() * certificates.Labels;
                found += new Found(0, 0, (now.Labels * certificates.Labels).eq(-1).sum().item<long>(), otherWay.eq(-1).sum().item<long>(), 0);
            }
        }

        return found;
    }

    private static ImageNetwork Train()
    {
        using var generator = new Generator(2);
        var architecture = new SmallConvNetArchitecture { FirstStageChannels = 8, SecondStageChannels = 16, HiddenUnits = 32 };
        ImageNetwork network = ImageNetwork.Create(architecture, new InputSpecification(1, Size, Size), TrainingProblems.Classes, Activation.Relu, generator);
        TensorBatchSource images = TrainingProblems.Images(600, size: Size);
        TrainingResult result = new RobustTrainer(new TrainingOptions { Epochs = 6, BatchSize = 32, LearningRate = 0.003 }).Fit(network, images, images);
        Assert.IsGreaterThan(0.95, Evaluation.Measure(network, images, 100).Accuracy, $"{result}");
        return network;
    }

    /// <summary>Certified pixels of both kinds, those contradicted, those whose estimate is merely on the other side of one half, and the mean length of the attacks' perturbations, in radii.</summary>
    private sealed record Found(long Important, long Unimportant, long Contradicted, long OtherSide, double Length)
    {
        public static Found operator +(Found a, Found b)
            => new(a.Important + b.Important, a.Unimportant + b.Unimportant, a.Contradicted + b.Contradicted, a.OtherSide + b.OtherSide, a.Length + b.Length);
    }
}
