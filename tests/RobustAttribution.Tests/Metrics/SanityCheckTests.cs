using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

/// <summary>Sanity checks of maps, and the shuffled layers that they rest on.</summary>
[TestClass]
public sealed class SanityCheckTests
{
    private static readonly SanityChecks Small = new() { Attack = new TopKAttack { K = 9, Steps = 5 } };

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void TheGradientsOfATrainedNetworkPass()
    {
        using ImageNetwork network = Trained();
        SanityReport report = Small.Measure(network, TrainingProblems.Images(60, seed: 5), 25);
        TestContext.WriteLine($"{report}");
        Assert.IsTrue(report.Passed, $"{report}");
        Assert.AreEqual(60, report.Count);
        CollectionAssert.AreEqual(new[] { "fc", "norm", "conv" }, report.CascadingRandomization.Values.Select(value => value.At).ToArray());
        Assert.AreEqual(1.0, report.AttackLadder.Values[0].Similarity, "ε = 0 is exactly the ideal value");
        Assert.AreEqual(1.0, Small.Similarity.Ideal);
        Assert.IsTrue(report.AttackLadder.Values[^1].Similarity < report.AttackLadder.Values[0].Similarity);
        StringAssert.StartsWith(report.CascadingRandomization.Verdict, "passes: ");
        StringAssert.Contains($"{report}", "Class sensitivity: passes");
    }

    [TestMethod]
    public void AnEdgeDetectorFails()
    {
        using ImageNetwork network = Trained();
        SanityReport report = (Small with { Map = new(new Edges()) }).Measure(network, TrainingProblems.Images(40, seed: 5), 40);
        Assert.IsFalse(report.CascadingRandomization.Passed, "it uses no parameter");
        Assert.IsFalse(report.IndependentRandomization.Passed);
        Assert.IsFalse(report.ClassSensitivity.Passed, "it knows no class");
        Assert.IsFalse(report.Passed);
        Assert.IsTrue(report.CascadingRandomization.Values.Concat(report.ClassSensitivity.Values).All(value => value.Similarity == 1));
        Assert.AreEqual("fails: 1.000 with all layers randomized (conv); allowed is at most 0.5.", report.CascadingRandomization.Verdict);
        Assert.AreEqual("fails: 1.000 between the most and the least probable class (least probable class); allowed is at most 0.95.", report.ClassSensitivity.Verdict);
    }

    [TestMethod]
    public void GuidedBackpropagationKeepsMoreOfItsMapThanTheGradientWhenNothingIsLeftOfTheNetwork()
    {
        // Adebayo et al. 2018 found it nearly insensitive on deep networks; this one is shallow.
        using ImageNetwork network = Trained();
        TensorBatchSource images = TrainingProblems.Images(60, seed: 5);
        SanityReport gradient = Small.Measure(network, images, 60);
        SanityReport guided = (Small with { Map = new(new GuidedBackpropagation()) }).Measure(network, images, 60);
        TestContext.WriteLine($"{gradient}\n{guided}");
        Assert.IsGreaterThan(gradient.CascadingRandomization.Values[^1].Similarity + 0.1, guided.CascadingRandomization.Values[^1].Similarity);
    }

    [TestMethod]
    public void EachValueIsTheSimilarityOfTheMapsBeforeAndAfter()
    {
        using ImageNetwork network = Trained();
        using IDisposable scope = NewDisposeScope();
        ImageBatch batch = TrainingProblems.Images(12, seed: 9).Read(12).Single();
        Tensor images = batch.Images.to(ScalarType.Float64) / 255.0;
        Tensor classes = network.Logits(images).argmax(1);
        Tensor map = Small.Map.Of(network, images, classes);
        SanityReport report = Small.Measure(network, new TensorBatchSource(batch.Images, batch.Classes), 12);
        double[] cascading = new double[3], independent = new double[3];
        for (int layer = 0; layer < 3; layer++)
        {
            using (var layers = new ParameterLayers(network, images.narrow(0, 0, 1), Small.Seed))
            {
                layers.Shuffle(layer);
                independent[layer] = Similarity();
            }

            using (var layers = new ParameterLayers(network, images.narrow(0, 0, 1), Small.Seed))
            {
                Enumerable.Range(0, layer + 1).ToList().ForEach(layers.Shuffle);
                cascading[layer] = Similarity();
            }
        }

        Values.AreClose(cascading, [.. report.CascadingRandomization.Values.Select(value => value.Similarity)], 1e-14, "cascading");
        Values.AreClose(independent, [.. report.IndependentRandomization.Values.Select(value => value.Similarity)], 1e-14, "independent");
        Tensor least = Small.Map.Of(network, images, network.Logits(images).argmin(1));
        Values.AreClose([Values.Of(Small.Similarity.Compare(map, least)).Average()], [report.ClassSensitivity.Values[0].Similarity], 1e-14, "class");

        double Similarity() => Values.Of(Small.Similarity.Compare(map, Small.Map.Of(network, images, classes))).Where(value => !double.IsNaN(value)).Average();
    }

    [TestMethod]
    public void PartsMergeToTheWhole()
    {
        using ImageNetwork network = Trained();
        ImageBatch all = TrainingProblems.Images(20, seed: 9).Read(20).Single();
        SanityReport Part(int first, int count)
            => Small.Measure(network, new TensorBatchSource(all.Images.narrow(0, first, count), all.Classes.narrow(0, first, count)), count);

        SanityReport whole = Part(0, 20), merged = Part(0, 7).Merge(Part(7, 13));
        Assert.AreEqual(20, merged.Count);
        foreach ((SanityCheck expected, SanityCheck found) in whole.Checks.Zip(merged.Checks))
        {
            Assert.AreEqual(expected.Verdict, found.Verdict);
            Values.AreClose([.. expected.Values.Select(value => value.Similarity)], [.. found.Values.Select(value => value.Similarity)], 1e-12, expected.Name);
            CollectionAssert.AreEqual(expected.Values.Select(value => value.Count).ToArray(), found.Values.Select(value => value.Count).ToArray());
        }

        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => whole.Merge((Small with { LargestRandomizedSimilarity = 0.4 }).Measure(network, new TensorBatchSource(all.Images, all.Classes), 20)));
        StringAssert.Contains(error.Message, "LargestRandomizedSimilarity: 0.5 against 0.4");
    }

    [TestMethod]
    public void ALadderThatRisesFails()
    {
        using ImageNetwork network = Trained();
        var rising = Small with { Attack = new Scripted(radius => radius is 0 or > 6.0 / 255 ? 0 : radius) };
        SanityReport report = rising.Measure(network, TrainingProblems.Images(20, seed: 5), 20);
        Assert.IsFalse(report.AttackLadder.Passed, $"{report}");
        StringAssert.Contains(report.AttackLadder.Verdict, "fails: 1.000 at ε = 0.03137 after");
        var moving = Small with { Attack = new Scripted(radius => radius + 0.2) };
        StringAssert.Contains(moving.Measure(network, TrainingProblems.Images(20, seed: 5), 20).AttackLadder.Verdict, "at ε = 0; allowed is 1.");
    }

    [TestMethod]
    [DataRow("tiny convolutional")]
    [DataRow("tiny residual")]
    [DataRow("own module")]
    public void LayersComeFromTheOutputOnAndComeBackBitForBit(string kind)
    {
        using ImageNetwork network = kind switch
        {
            "tiny convolutional" => TinyNetworks.Convolutional(),
            "tiny residual" => TinyNetworks.Residual(),
            _ => new ImageNetwork(new Own(), TinyNetworks.Input(), 4),
        };
        using IDisposable scope = NewDisposeScope();
        (Tensor images, _) = TinyNetworks.Batch(network, 1);
        Dictionary<string, double[]> before = TrainingProblems.Weights(network);
        using (var layers = new ParameterLayers(network, images, seed: 4))
        {
            string[] expected = kind switch
            {
                "tiny convolutional" => ["fc2", "fc1", "conv4", "conv3", "conv2", "conv1"],
                "own module" => ["head", string.Empty, "norm"], // the module's own weight is used after its children but the head
                _ => ["fc"],
            };
            CollectionAssert.AreEqual(kind == "own module" ? [string.Empty, "head", "norm"] : expected, layers.Names.Take(kind == "tiny residual" ? 1 : 99).ToArray());
            if (kind == "tiny residual")
            {
                Assert.AreEqual("conv1", layers.Names[^1]);
                Assert.AreEqual("bn1", layers.Names[^2]);
            }

            for (int layer = 0; layer < layers.Names.Count; layer++)
            {
                Dictionary<string, double[]> former = TrainingProblems.Weights(network);
                layers.Shuffle(layer);
                Dictionary<string, double[]> now = TrainingProblems.Weights(network);
                string[] moved = [.. now.Keys.Where(name => !now[name].SequenceEqual(former[name]))];
                Assert.IsNotEmpty(moved, layers.Names[layer]);
                Assert.IsTrue(moved.All(name => name.Contains('.') ? name[..name.LastIndexOf('.')] == layers.Names[layer] : layers.Names[layer].Length == 0), string.Join(' ', moved));
                Assert.IsTrue(moved.All(name => now[name].Order().SequenceEqual(former[name].Order())), "the values are the same");
            }

            string[] statistics = [.. before.Keys.Where(name => name.EndsWith("running_var", StringComparison.Ordinal))];
            Assert.AreEqual(statistics.Length > 0, statistics.Any(name => !TrainingProblems.Weights(network)[name].SequenceEqual(before[name])), "buffers");
        }

        TrainingProblems.AssertSameBits(before, TrainingProblems.Weights(network));
    }

    [TestMethod]
    public void WhatCannotBeCheckedIsRefusedByName()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new SanityChecks { Similarity = new MeanSquaredError() }).Message, "higher is more similar");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new SanityChecks { Radii = [0, 0.2, 0.1] }).Message, "Radii is [0, 0.2, 0.1]; allowed are");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new SanityChecks { Radii = [0.1, 0.2] }).Message, "ascend from 0");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SanityChecks { LargestRise = -1 }).Message, "LargestRise is -1");
        using ImageNetwork network = Trained();
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new SanityChecks().Measure(network, TrainingProblems.Images(3), 3)).Message, "Attack is a TopKAttack: K is 100");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Small.Measure(network, new TensorBatchSource(zeros(0, 1, 6, 6), zeros(0, ScalarType.Int64)), 3)).Message, "no image");
    }

    private static ImageNetwork Trained()
    {
        ImageNetwork network = TrainingProblems.Network();
        new RobustTrainer(new TrainingOptions { Epochs = 6, BatchSize = 16, LearningRate = 0.01 }).Fit(network, TrainingProblems.Images(150));
        return network;
    }

    /// <summary>Magnitudes of the differences between neighbours: a map of the image alone.</summary>
    private sealed record Edges : IAttributionMethod
    {
        public bool IsDifferentiable => true;

        public Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor down = images.roll(1, 2) - images, across = images.roll(1, 3) - images;
            return (down.abs() + across.abs()).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Adds the same pattern to every image, as strong as a function of ε says.</summary>
    private sealed record Scripted(Func<double, double> Strength) : IAttributionAttack
    {
        public IThreatModel ThreatModel { get; init; } = new LinfBall();

        public IAttributionAttack WithThreatModel(IThreatModel threatModel) => this with { ThreatModel = threatModel };

        public AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
        {
            using IDisposable scope = NewDisposeScope();
            Tensor pattern = arange(36, dtype: images.dtype).remainder(2).reshape(1, 1, 6, 6) * (10 * Strength(ThreatModel.Radius));
            Tensor valid = ones(images.shape[0], ScalarType.Bool), gain = zeros(images.shape[0], ScalarType.Float64);
            return new((images + pattern).clamp(0, 1).MoveToOuterDisposeScope(), valid.MoveToOuterDisposeScope(), gain.MoveToOuterDisposeScope());
        }
    }

    /// <summary>A module with a parameter of its own, and children.</summary>
    private sealed class Own : nn.Module<Tensor, Tensor>
    {
        private readonly BatchNorm2d norm = nn.BatchNorm2d(2, dtype: ScalarType.Float64);
        private readonly Parameter weight = new(randn(128, 128, ScalarType.Float64));
        private readonly Linear head = nn.Linear(128, 4, dtype: ScalarType.Float64);

        public Own()
            : base(nameof(Own))
        {
            RegisterComponents();
            using IDisposable mode = no_grad();
            foreach ((_, Tensor value) in norm.named_buffers().Where(entry => entry.buffer.is_floating_point()))
            {
                value.uniform_(0.5, 1.5);
            }

            foreach ((_, Parameter value) in norm.named_parameters())
            {
                value.uniform_(0.5, 1.5);
            }
        }

        public override Tensor forward(Tensor input)
        {
            using IDisposable scope = NewDisposeScope();
            return head.call(norm.call(input).flatten(1).matmul(weight).relu()).MoveToOuterDisposeScope();
        }
    }
}
