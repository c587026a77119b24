using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Objectives;

/// <summary>Each objective's value against its formula in plain loops, on a two-layer network whose derivatives are written by hand.</summary>
[TestClass]
public sealed class ObjectiveFormulaTests
{
    private const double Beta = 3;

    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    public void CrossEntropyIsTheWeightedMeanOfTheNegativeLogLikelihoods(ulong seed)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(Beta));
        var reference = new MlpReference(network, Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5, seed);
        double[] weights = [0.5, 2, 1];
        double[] losses = [.. Images(images)
            .Select((x, n) => ObjectiveReferences.CrossEntropy(reference.Logits(reference.Normalize(x)), Class(classes, n)))];
        double[] own = [.. losses.Select((_, n) => weights[Class(classes, n)])];

        using ObjectiveResult plain = Evaluate(new CrossEntropy(), network, images, classes),
            weighted = Evaluate(new CrossEntropy(), network, images, classes, tensor(weights));
        Assert.AreEqual(losses.Average(), plain.Loss.ToDouble(), 1e-12);
        Assert.AreEqual(losses.Zip(own, (l, w) => l * w).Sum() / own.Sum(), weighted.Loss.ToDouble(), 1e-12);
    }

    public static IEnumerable<object[]> Perturbations
        => from seed in new ulong[] { 1, 2, 3 } from row in Enumerable.Range(0, 4) from attached in new[] { false, true }
            select new object[] { seed, row, attached };

    [TestMethod]
    [DynamicData(nameof(Perturbations))]
    public void LocalGradientAlignment(ulong seed, int row, bool attached)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(Beta));
        var reference = new MlpReference(network, Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        const double Epsilon = 0.2;
        using var generator = new Generator(13, CPU);
        Tensor drawn = row == 1
            ? randn(images.shape, ScalarType.Float64, CPU, false, generator)
            : rand(images.shape, ScalarType.Float64, CPU, false, generator);
        double[] draws = Values.Of(drawn);
        double l2 = 0, cosine = 0, crossEntropy = 0;
        foreach ((double[] x, int n) in Images(images).Select((x, n) => (x, n)))
        {
            double[] u = reference.Normalize(x), g = reference.Gradient(u, Class(classes, n));
            double norm = Math.Sqrt(g.Sum(value => value * value));
            double[] direction = row switch
            {
                0 => [.. g.Select((_, i) => (2 * draws[(n * g.Length) + i]) - 1)],
                1 => [.. g.Select((_, i) => draws[(n * g.Length) + i])],
                2 => [.. g.Select(value => value / norm)],
                _ => [.. g.Select(value => (double)Math.Sign(value))],
            };
            // ε/std
            double[] radius = reference.Normalize([.. x.Select(_ => Epsilon)]).Zip(reference.Normalize(new double[x.Length]), (a, b) => a - b)
                .ToArray();
            double[] moved = reference.Gradient([.. u.Select((value, i) => value + (radius[i] * direction[i]))], Class(classes, n));
            l2 += ObjectiveReferences.SquaredDistance(g, moved) / 3;
            cosine += ObjectiveReferences.Cosine(g, moved) / 3;
            crossEntropy += ObjectiveReferences.CrossEntropy(reference.Logits(u), Class(classes, n)) / 3;
        }

        var objective = new LocalGradientAlignment
        {
            Epsilon = Epsilon, L2Weight = 0.7, CosineWeight = 1.3, Perturbation = Laws.ObjectiveTable.Perturbations[row],
                AttachSourceGradient = attached,
        };
        using ObjectiveResult result = Evaluate(objective, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("l2", l2), ("cosine", (1 - cosine) / 2));
        Assert.AreEqual(crossEntropy + (0.7 * l2) + (1.3 * (1 - cosine) / 2), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    public void HessianNormPenalty(ulong seed)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(Beta));
        var reference = new MlpReference(network, Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        using var generator = new Generator(13, CPU);
        double[][] v = Images(randn(images.shape, ScalarType.Float64, CPU, false, generator));
        double expected = Images(images)
            .Select((x, n) => reference.HessianTimes(reference.Normalize(x), Class(classes, n), v[n]).Sum(value => value * value))
            .Average();

        using ObjectiveResult result = Evaluate(new HessianNormPenalty { Weight = 0.9 }, network, images, classes);
        double crossEntropy = result.Terms[0].Value.ToDouble();
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("hessian", expected));
        Assert.AreEqual(crossEntropy + (0.9 * expected), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    [DataRow(1UL, true)]
    [DataRow(2UL, true)]
    [DataRow(1UL, false)]
    [DataRow(2UL, false)]
    public void SpatialAlignment(ulong seed, bool relu)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, relu ? Activation.Relu : Activation.Softplus(Beta));
        MlpReference classifier = new(network, relu ? null : Beta), smooth = new(network, relu ? 50 : Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        var objective = new SpatialAlignment { Weight = 0.6 };
        using var generator = new Generator(13, CPU);
        Tensor attacked = objective.Attack.LastIterate(network, images, classes, generator);
        double[][] before = Images(images), after = Images(attacked);
        double triplet = Enumerable.Range(0, 3).Average(n =>
        {
            double[][] pair = [smooth.Normalize(before[n]), smooth.Normalize(after[n])];
            int y = Class(classes, n);
            return ObjectiveReferences.PairTriplet(
                pair, [.. pair.Select(u => smooth.Gradient(u, y))],
                [.. pair.Select(u => smooth.Gradient(u, ObjectiveReferences.StrongestWrong(smooth.Logits(u), y)))]);
        });
        double crossEntropy = after.Select((x, n) => ObjectiveReferences.CrossEntropy(classifier.Logits(classifier.Normalize(x)), Class(classes, n)))
            .Average();

        using ObjectiveResult result = Evaluate(objective, network, images, classes);
        double tolerance = relu ? 1e-9 : 1e-12; // PyTorch's softplus is linear above βx = 20
        Terms(result, tolerance, ("cross-entropy", crossEntropy), ("triplet", triplet));
        Assert.AreEqual(crossEntropy + (0.6 * triplet), result.Loss.ToDouble(), tolerance);
    }

    [TestMethod]
    [DataRow(1UL, false, false)]
    [DataRow(2UL, false, true)]
    [DataRow(3UL, true, false)]
    [DataRow(4UL, true, true)]
    public void IntegratedGradientNorm(ulong seed, bool relu, bool sum)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, relu ? Activation.Relu : Activation.Softplus(Beta));
        var reference = new MlpReference(network, relu ? null : Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        var attack = new IntegratedGradientNormAttack { ThreatModel = new LinfBall(0.2), Steps = 3, Step = new SteepestStep(0.1), Points = 2 };
        using var generator = new Generator(13, CPU);
        double[][] before = Images(images);
        double[][] after = Images((sum ? attack with { CrossEntropyShare = 1 / 1.7 } : attack).LastIterate(network, images, classes, generator));
        double norm = before.Select((x, n) => ObjectiveReferences.IntegratedLossGradient(
            reference, reference.Normalize(x), reference.Normalize(after[n]), Class(classes, n), 4).Sum(Math.Abs)).Average();
        double crossEntropy = (sum ? after : before)
            .Select((x, n) => ObjectiveReferences.CrossEntropy(reference.Logits(reference.Normalize(x)), Class(classes, n))).Average();

        var objective = new IntegratedGradientNorm { Attack = attack, Sum = sum, Weight = 0.7, Points = 4 };
        using ObjectiveResult result = Evaluate(objective, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("norm", norm));
        Assert.AreEqual(crossEntropy + (0.7 * norm), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    public void AdversarialAttributionTraining(ulong seed)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(Beta));
        var reference = new MlpReference(network, Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        var attack = new CorrelationAttack
        {
            ThreatModel = new LinfBall(0.2), Steps = 3, Attribution = new IntegratedGradients { Steps = 3, Quadrature = PathQuadrature.Midpoint },
        };
        using var generator = new Generator(13, CPU);
        double[][] before = Images(images);
        double[][] after = Images((attack with { CrossEntropyShare = 1 / 1.6 }).LastIterate(network, images, classes, generator));
        double correlation = before.Select((x, n) => ObjectiveReferences.Correlation(Map(x, n), Map(after[n], n))).Average();
        double crossEntropy = after
            .Select((x, n) => ObjectiveReferences.CrossEntropy(reference.Logits(reference.Normalize(x)), Class(classes, n))).Average();

        using ObjectiveResult result = Evaluate(
            new AdversarialAttributionTraining { Attack = attack, Weight = 0.6 }, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("correlation", 1 - correlation));
        Assert.AreEqual(crossEntropy + (0.6 * (1 - correlation)), result.Loss.ToDouble(), 1e-12);

        double[] Map(double[] x, int n)
            => ObjectiveReferences.SumOfChannels(ObjectiveReferences.IntegratedLogitGradient(reference, x, Class(classes, n), 3), 2);
    }

    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    public void IntegratedGradientRegularization(ulong seed)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(Beta));
        var reference = new MlpReference(network, Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        var attack = new ProjectedGradientDescent { ThreatModel = new LinfBall(0.2), Steps = 3 };
        using var generator = new Generator(13, CPU);
        double[][] before = Images(images), after = Images(attack.LastIterate(network, images, classes, generator));
        double cosine = before.Select((x, n) => ObjectiveReferences.Cosine(
            ObjectiveReferences.IntegratedLogitGradient(reference, x, Class(classes, n), 5),
            ObjectiveReferences.IntegratedLogitGradient(reference, after[n], Class(classes, n), 5))).Average();
        double crossEntropy = after
            .Select((x, n) => ObjectiveReferences.CrossEntropy(reference.Logits(reference.Normalize(x)), Class(classes, n))).Average();

        using ObjectiveResult result = Evaluate(
            new IntegratedGradientRegularization { Attack = attack, Weight = 0.6 }, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("cosine", 1 - cosine));
        Assert.AreEqual(crossEntropy + (0.6 * (1 - cosine)), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    [DataRow(1UL, null)]
    [DataRow(2UL, null)]
    [DataRow(1UL, 1)]
    [DataRow(2UL, 3)]
    public void RankThickness(ulong seed, int? pairs)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(Beta));
        var reference = new MlpReference(network, Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        double thickness = 0, hessian = 0, crossEntropy = 0;
        double[] radius = [.. Values.Of(network.NormalizedRadius(0.1).expand(1, 2, 4, 4))];
        foreach ((double[] x, int n) in Images(images).Select((x, n) => (x, n)))
        {
            double[] u = reference.Normalize(x), g = reference.Gradient(u, Class(classes, n));
            thickness += ObjectiveReferences.Thickness(ObjectiveReferences.SumOfChannels([.. g.Select(Math.Abs)], 2), 5, pairs) / 3;
            double[] moved = reference.Gradient([.. u.Select((value, i) => value + (radius[i] * Math.Sign(g[i])))], Class(classes, n));
            hessian += Math.Sqrt(ObjectiveReferences.SquaredDistance(g, moved) / radius.Sum(value => value * value)) / 3;
            crossEntropy += ObjectiveReferences.CrossEntropy(reference.Logits(u), Class(classes, n)) / 3;
        }

        var objective = new RankThickness { K = 5, Pairs = pairs, GapWeight = 0.7, HessianWeight = 1.3, Epsilon = 0.1 };
        using ObjectiveResult result = Evaluate(objective, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("gap", -thickness), ("hessian", hessian));
        Assert.AreEqual(crossEntropy - (0.7 * thickness) + (1.3 * hessian), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    public void RanksBeyondTheMapCountAllButOnePixel()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(3, Activation.Softplus(Beta));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, 3);
        var objective = new RankThickness { K = 15, HessianWeight = 0 };
        Assert.AreEqual(
            Evaluate(objective, network, images, classes).Loss.ToDouble(),
            Evaluate(objective with { K = 100, Pairs = 50 }, network, images, classes).Loss.ToDouble(),
            0);
    }

    [TestMethod]
    [DataRow(1UL, true)]
    [DataRow(2UL, false)]
    public void Trades(ulong seed, bool relu)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, relu ? Activation.Relu : Activation.Softplus(Beta));
        var reference = new MlpReference(network, relu ? null : Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        var attack = new DivergenceAttack { ThreatModel = new LinfBall(0.2), Steps = 3 };
        using var generator = new Generator(13, CPU);
        double[][] before = [.. Images(images).Select(x => reference.Logits(reference.Normalize(x)))];
        double[][] after = [.. Images(attack.LastIterate(network, images, classes, generator)).Select(x => reference.Logits(reference.Normalize(x)))];
        double divergence = before.Zip(after, ObjectiveReferences.Divergence).Average();
        double crossEntropy = before.Select((logits, n) => ObjectiveReferences.CrossEntropy(logits, Class(classes, n))).Average();

        using ObjectiveResult result = Evaluate(new Trades { Attack = attack, Weight = 2.5 }, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("divergence", divergence));
        Assert.AreEqual(crossEntropy + (2.5 * divergence), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    [DataRow(1UL, true)]
    [DataRow(2UL, false)]
    public void InputGradientPenalty(ulong seed, bool relu)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, relu ? Activation.Relu : Activation.Softplus(Beta));
        var reference = new MlpReference(network, relu ? null : Beta);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        double[][] u = [.. Images(images).Select(reference.Normalize)];
        double penalty = u.Select((x, n) => ObjectiveReferences.LossGradient(reference, x, Class(classes, n)).Sum(value => value * value)).Average();
        double crossEntropy = u.Select((x, n) => ObjectiveReferences.CrossEntropy(reference.Logits(x), Class(classes, n))).Average();

        using ObjectiveResult result = Evaluate(new InputGradientPenalty { Weight = 0.4 }, network, images, classes);
        Terms(result, 1e-12, ("cross-entropy", crossEntropy), ("gradient", penalty));
        Assert.AreEqual(crossEntropy + (0.4 * penalty), result.Loss.ToDouble(), 1e-12);
    }

    [TestMethod]
    public void TheAttributionOfTheLossAddsUpToItsDifference()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(2, Activation.Softplus(Beta));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3);
        Tensor from = network.Normalize(images), to = network.Normalize((images + 0.1).clamp_max(1));
        Tensor found = IntegratedLossGradient.Of("test", network, from, to, classes, PathQuadrature.GaussLegendre.Rule(12), createGraph: false);
        Values.AreClose(Loss(to) - Loss(from), found.flatten(1).sum(1), 1e-6);

        Tensor Loss(Tensor x) => nn.functional.cross_entropy(network.LogitsOfNormalized(x), classes, reduction: nn.Reduction.None);
    }

    [TestMethod]
    public void AdversarialCrossEntropyIsThatOfTheAttacksLastIterate()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(4, Activation.Relu);
        var reference = new MlpReference(network, null);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, 4);
        var attack = new ProjectedGradientDescent { Steps = 3 };
        using var generator = new Generator(13, CPU);
        double[][] attacked = Images(attack.LastIterate(network, images, classes, generator));
        using ObjectiveResult result = Evaluate(new AdversarialCrossEntropy { Attack = attack }, network, images, classes);
        Assert.AreEqual(
            attacked.Select((x, n) => ObjectiveReferences.CrossEntropy(reference.Logits(reference.Normalize(x)), Class(classes, n))).Average(),
            result.Loss.ToDouble(),
            1e-12);
    }

    [TestMethod]
    public void TheChannelMeanOfArtAveragesImageAndGradients()
    {
        // With one channel the mean over channels changes nothing; with two equal ones neither, since cosines know no scale.
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(5, Activation.Softplus(Beta), channels: 1);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, 5);
        using ObjectiveResult plain = Evaluate(new SpatialAlignment(), network, images, classes);
        var averaging = new SpatialAlignment { Attack = new AlignmentAttack { ChannelMean = true } };
        using ObjectiveResult mean = Evaluate(averaging, network, images, classes);
        Assert.AreEqual(plain.Loss.ToDouble(), mean.Loss.ToDouble(), 0);
        Values.AreClose(
            [1.5, 3], Values.Of(new AlignmentAttack { ChannelMean = true }.Vectors(tensor(new[] { 1.0, 2, 2, 4 }).reshape(1, 2, 1, 2))), 0);
    }

    [TestMethod]
    public void RecommendedActivationsAreThePapers()
    {
        Assert.AreEqual(Activation.Softplus(3), new LocalGradientAlignment().RecommendedActivation);
        Assert.AreEqual(Activation.Softplus(3), new HessianNormPenalty().RecommendedActivation);
        Assert.AreEqual(Activation.Relu, new SpatialAlignment().RecommendedActivation);
        Assert.AreEqual(Activation.Softplus(3), new AdversarialAttributionTraining().RecommendedActivation);
        Assert.AreEqual(Activation.Softplus(3), new IntegratedGradientRegularization().RecommendedActivation);
        Assert.AreEqual(Activation.Softplus(3), new RankThickness().RecommendedActivation);
        Assert.AreEqual(Activation.Relu, new IntegratedGradientNorm().RecommendedActivation);
        Assert.IsNull(((ITrainingObjective)new CrossEntropy()).RecommendedActivation);
    }

    [TestMethod]
    public void PenaltiesOnGradientsInTheNetworksOwnActivationNeedASecondDerivative()
    {
        using ImageNetwork relu = TinyNetworks.Convolutional(activation: Activation.Relu);
        foreach ((ITrainingObjective objective, bool expected) in new (ITrainingObjective, bool)[]
        {
            (new CrossEntropy(), false),
            (new AdversarialCrossEntropy(), false),
            (new LocalGradientAlignment(), true),
            (new LocalGradientAlignment { L2Weight = 0 }, true),
            (new LocalGradientAlignment { L2Weight = 0, CosineWeight = 0 }, false),
            (new HessianNormPenalty(), true),
            (new HessianNormPenalty { Weight = 0 }, false),
            (new SpatialAlignment(), false), // through softplus
            (new SpatialAlignment { AttributionActivation = null }, true),
            (new SpatialAlignment { AttributionActivation = null, Weight = 0 }, false),
            (new IntegratedGradientNorm(), false), // gradients of the loss
            (new InputGradientPenalty(), false),
            (new Trades(), false),
            (new AdversarialAttributionTraining(), true),
            (new AdversarialAttributionTraining { Weight = 0 }, false),
            (new IntegratedGradientRegularization(), true),
            (new IntegratedGradientRegularization { Weight = 0 }, false),
            (new RankThickness { HessianWeight = 0 }, true),
            (new RankThickness { GapWeight = 0 }, true),
            (new RankThickness { GapWeight = 0, HessianWeight = 0 }, false),
        })
        {
            Assert.AreEqual(expected, objective.NeedsSecondDerivative(relu), $"{objective}");
        }
    }

    [TestMethod]
    public void ImpossibleOptionsAreNamed()
    {
        foreach ((Action make, string name) in new (Action, string)[]
        {
            (() => _ = new LocalGradientAlignment { Epsilon = -1 }, "Epsilon"),
            (() => _ = new LocalGradientAlignment { L2Weight = double.NaN }, "L2Weight"),
            (() => _ = new LocalGradientAlignment { CosineWeight = -0.1 }, "CosineWeight"),
            (() => _ = new HessianNormPenalty { Weight = double.PositiveInfinity }, "Weight"),
            (() => _ = new SpatialAlignment { Weight = -2 }, "Weight"),
            (() => _ = new IntegratedGradientNorm { Weight = -2 }, "Weight"),
            (() => _ = new IntegratedGradientNorm { Points = 0 }, "Points"),
            (() => _ = new IntegratedGradientNormAttack { Points = 0 }, "Points"),
            (() => _ = new IntegratedGradientNormAttack { CrossEntropyShare = 1.1 }, "CrossEntropyShare"),
            (() => _ = new CorrelationAttack { CrossEntropyShare = -0.1 }, "CrossEntropyShare"),
            (() => _ = new AdversarialAttributionTraining { Weight = -1 }, "Weight"),
            (() => _ = new IntegratedGradientRegularization { Weight = -1 }, "Weight"),
            (() => _ = new RankThickness { K = 0 }, "K"),
            (() => _ = new RankThickness { Pairs = 0 }, "Pairs"),
            (() => _ = new RankThickness { GapWeight = -1 }, "GapWeight"),
            (() => _ = new RankThickness { HessianWeight = -1 }, "HessianWeight"),
            (() => _ = new RankThickness { Epsilon = 0 }, "Epsilon"),
            (() => _ = new Trades { Weight = -1 }, "Weight"),
            (() => _ = new InputGradientPenalty { Weight = -1 }, "Weight"),
        })
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(make).Message, name);
        }
    }

    private static ObjectiveResult Evaluate(
        ITrainingObjective objective, ImageNetwork network, Tensor images, Tensor classes, Tensor? weights = null)
        => Laws.ObjectiveLaws.Evaluate(objective, network, images, classes, weights);

    private static void Terms(ObjectiveResult result, double tolerance, params (string Name, double Value)[] expected)
    {
        CollectionAssert.AreEqual(expected.Select(term => term.Name).ToArray(), result.Terms.Select(term => term.Name).ToArray());
        Values.AreClose([.. expected.Select(term => term.Value)], [.. result.Terms.Select(term => term.Value.ToDouble())], tolerance, "terms");
    }

    private static double[][] Images(Tensor images) => [.. Enumerable.Range(0, (int)images.shape[0]).Select(n => Values.Of(images[n]))];

    private static int Class(Tensor classes, int n) => (int)classes[n].ToInt64();
}
