using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attacks;

[TestClass]
public sealed class AttackTests
{
    [TestMethod]
    public void NoPassIsMadeTwice()
    {
        var topK = new TopKAttack { K = 10, Steps = 4, RandomStart = false };
        foreach ((AttributionAttack attack, bool relu, int calls) in new (AttributionAttack, bool, int)[]
        {
            (topK, false, 4 + 1), // the clean image is the first iterate; each pass gives map, objective and prediction
            (topK, true, 4 + (4 + 1)), // surrogate steps and true judgements; the clean image serves both
            (topK with { RandomStart = true }, false, 1 + (4 + 1)),
            (topK with { Restarts = 2 }, false, (4 + 1) + (4 + 1)),
            (new ProjectedGradientDescent { Steps = 4 }, true, 4 + 1),
            (new ProjectedGradientDescent { Steps = 0 }, true, 1),
            (new AlignmentAttack(), false, 1 + (3 + 1)),
            (new AlignmentAttack { KeepPrediction = false }, true, 3 + (3 + 1)),
            (new TargetMapAttack { Steps = 4, RandomStart = false }, false, 4 + 1),
        })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork inner = TinyNetworks.Convolutional(1, relu ? Activation.Relu : null);
            (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            Perturb(attack, network, images, classes);
            Assert.AreEqual(calls, counter.Calls, $"{attack}");
        }
    }

    [TestMethod]
    public void AnAttackOnThePredictionLowersTheAccuracyOfATrainedNetwork()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TrainedOnQuadrants(Activation.Relu);
        (Tensor images, Tensor classes) = Quadrants(network, 64, seed: 99);
        double clean = Accuracy(network, images, classes);
        using AttackResult attacked = Perturb(
            new ProjectedGradientDescent { ThreatModel = new LinfBall(0.2), Step = new SteepestStep() }, network, images, classes);
        using AttackResult noise = Perturb(new RandomNoise { ThreatModel = new LinfBall(0.2), KeepPrediction = false }, network, images, classes);
        Assert.IsGreaterThan(0.95, clean);
        Assert.IsGreaterThan(0.85, Accuracy(network, noise.Images, classes));
        Assert.IsLessThan(0.6, Accuracy(network, attacked.Images, classes));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AMisclassifiedImageIsLeftOutOfFurtherPasses(bool randomStart)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork inner = TrainedOnQuadrants(Activation.Relu, ScalarType.Float64);
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (Tensor images, Tensor classes) = Quadrants(network, 24, seed: 95);
        var ball = new LinfBall(0.1);
        var attack = new ProjectedGradientDescent
        {
            ThreatModel = ball, Steps = 5, Step = new SteepestStep(0.03), Restarts = 3, RandomStart = randomStart, StopAtMisclassification = true,
        };
        counter.Reset();
        using var generator = new Generator(11, CPU);
        using AttackResult result = attack.Perturb(network, images, classes, generator);
        long passes = counter.Images;
        Tensor next = rand([3], generator: generator);

        // Every image goes all the way, and what comes after its first misclassification is not used.
        using var again = new Generator(11, CPU);
        double[] best = [.. Enumerable.Repeat(double.NegativeInfinity, 24)];
        bool[] finished = new bool[24];
        Tensor expected = images.clone();
        long open = 0;
        for (int walk = 0; walk < 3; walk++)
        {
            bool fromImage = walk == 0 && !randomStart;
            Tensor current = fromImage ? images : ball.RandomStart(images, network.Input, again);
            for (int step = 0; step <= 5; step++)
            {
                Tensor at = current.detach().requires_grad_(true);
                Tensor logits = network.Logits(at);
                double[,] values = Matrix(logits);
                for (int i = 0; i < 24; i++)
                {
                    if (finished[i])
                    {
                        continue;
                    }

                    open++;
                    int y = (int)classes[i].item<long>();
                    double margin = Enumerable.Range(0, 4).Where(j => j != y).Max(j => values[i, j]) - values[i, y];
                    if (margin > best[i])
                    {
                        best[i] = margin;
                        expected[i] = current[i].detach();
                    }

                    finished[i] = best[i] > 0 && (!fromImage || step > 0);
                }

                Tensor gradient = autograd.grad([nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.Sum)], [at])[0];
                current = ball.Project(current.detach() + (gradient.sign() * 0.03), images, network.Input);
            }
        }

        Assert.IsTrue(finished.Contains(true) && finished.Contains(false), "some fall, some do not");
        Assert.AreEqual(open, passes);
        Values.AreClose(expected, result.Images, 1e-12);
        Values.AreClose(best, Values.Of(result.Gain), 1e-9);
        Values.AreClose(Values.Of(rand([3], generator: again)), Values.Of(next), 0, "later draws do not depend on who fell");

        // Where all fall, nothing is left to pass.
        ProjectedGradientDescent strong = attack with { ThreatModel = new LinfBall(0.6), Step = new SteepestStep(0.3), RandomStart = true };
        using Generator shorter = new(5, CPU), longer = new(5, CPU);
        counter.Reset();
        using AttackResult fallen = strong.Perturb(network, images, classes, shorter);
        Assert.IsTrue(fallen.Gain.gt(0).all().ToBoolean());
        Assert.IsLessThan(6, counter.Calls);
        using AttackResult all = (strong with { StopAtMisclassification = false }).Perturb(network, images, classes, longer);
        Values.AreClose(rand([3], generator: longer), rand([3], generator: shorter), 0, "draws after walks that were not made");

        static double[,] Matrix(Tensor logits)
        {
            var values = new double[logits.shape[0], logits.shape[1]];
            Buffer.BlockCopy(Values.Of(logits), 0, values, 0, values.Length * sizeof(double));
            return values;
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void AttacksOnTheMapChangeItFarMoreThanNoiseAndKeepThePrediction(bool relu)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TrainedOnQuadrants(relu ? Activation.Relu : Activation.Softplus(3));
        (Tensor images, _) = Quadrants(network, 32, seed: 98);
        Tensor classes = network.Logits(images).argmax(1);
        var ball = new LinfBall(0.1);
        var intersection = new TopKIntersection { K = 12 };
        double Kept(IAttributionAttack attack, IMapSimilarity similarity)
        {
            using AttackResult result = Perturb(attack.WithThreatModel(ball), network, images, classes);
            Assert.IsGreaterThan(0.9, result.Valid.to_type(ScalarType.Float64).mean().ToDouble());
            Assert.IsTrue(network.Logits(result.Images).argmax(1).eq(classes).all().ToBoolean());
            return similarity.Compare(Map(network, images, classes), Map(network, result.Images, classes)).mean().ToDouble();
        }

        double noise = Kept(new RandomNoise(), intersection);
        Assert.IsLessThan(noise - 0.15, Kept(new TopKAttack { K = 12, Steps = 30, Step = new SteepestStep(0.01) }, intersection));
        var judged = new TopKAttack { K = 12, Steps = 30, Step = new SteepestStep(0.01), Judge = new KendallTau() };
        Assert.IsLessThan(Kept(new RandomNoise(), new KendallTau()) - 0.15, Kept(judged, new KendallTau()));
        Assert.IsLessThanOrEqualTo(Kept(judged with { Judge = null }, new KendallTau()), Kept(judged, new KendallTau()), "the judge decides");
        Assert.IsLessThan(
            Kept(new RandomNoise(), new PearsonCorrelation()) - 0.03,
            Kept(new TargetMapAttack { Steps = 30, Gamma = 0.95 }, new PearsonCorrelation()));
    }

    [TestMethod]
    public void AnImageWithoutAValidIterateComesBackAndIsSaidToBeInvalid()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TrainedOnQuadrants(Activation.Relu);
        (Tensor images, Tensor classes) = Quadrants(network, 8, seed: 97);
        var attack = new TopKAttack { K = 10, Steps = 3, ThreatModel = new UpsideDown() };
        using AttackResult result = Perturb(attack, network, images, classes);
        Assert.IsFalse(result.Valid.any().ToBoolean());
        Assert.IsTrue(result.Gain.isnan().all().ToBoolean());
        Values.AreClose(images, result.Images, 0);
    }

    [TestMethod]
    public void AnImageThatNoStepImprovedIsSaidToBeUnchangedEvenFromARandomDraw()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TrainedOnQuadrants(Activation.Relu);
        (Tensor images, _) = Quadrants(network, 24, seed: 96);
        Tensor classes = network.Logits(images).argmax(1);
        var attack = new TopKAttack
        {
            K = 12, Steps = 2, Step = new SteepestStep(0.005), ThreatModel = new LinfBall(0.1), // too short for some
            Judge = new TopKIntersection(12),
        };
        var ofMeasurement = (TopKAttack)DrawnByImage.In(attack);
        using AttackResult start = Perturb(ofMeasurement with { Steps = 0 }, network, images, classes);
        using AttackResult end = Perturb(ofMeasurement, network, images, classes);
        bool[] improved = end.Improved!.data<bool>().ToArray();
        Assert.IsFalse(start.Images.eq(images).flatten(1).all(1).any().ToBoolean());
        Assert.IsFalse(start.Improved!.any().ToBoolean());
        CollectionAssert.AreEqual(end.Gain.gt(start.Gain).logical_or(start.Valid.logical_not()).data<bool>().ToArray(), improved);
        Assert.IsTrue(improved.Contains(true) && improved.Contains(false));

        foreach ((AttackResult result, bool[] expected) in new[] { (start, new bool[24]), (end, improved) })
        {
            using var generator = new Generator(11, CPU);
            using ExplainedImages clean = new(new SaliencyMap(), network, images, classes);
            using AttackedImages attacked = clean.Under(attack with { Steps = result == start ? 0 : 2 }, generator);
            bool[] unchanged = [.. result.Valid.data<bool>().ToArray().Zip(expected, (valid, better) => valid && !better)];
            CollectionAssert.AreEqual(unchanged, attacked.Unchanged.data<bool>().ToArray());
        }
    }

    [TestMethod]
    public void ASmoothNetworkIsAttackedAsItIs()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(1, Activation.Softplus(3));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using AttackResult with = Perturb(new TopKAttack { K = 10, Steps = 3 }, network, images, classes);
        using AttackResult without = Perturb(new TopKAttack { K = 10, Steps = 3, Surrogate = null }, network, images, classes);
        Values.AreClose(without.Images, with.Images, 0);
    }

    [TestMethod]
    public void ANetworkWithoutSecondDerivativeIsWhereItWasWithoutASurrogate()
    {
        using var scope = NewDisposeScope();
        foreach (ImageNetwork network in new[] { TinyNetworks.Convolutional(1, Activation.Relu), TinyNetworks.Linear() })
        {
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using AttackResult result = Perturb(
                new TopKAttack { K = 10, Steps = 3, Surrogate = null, Reduction = new(), RandomStart = false }, network, images, classes);
            Values.AreClose(images, result.Images, 0);
            Assert.IsFalse(result.Valid.any().ToBoolean());
            network.Dispose();
        }
    }

    [TestMethod]
    public void ANetworkWithoutSwitchSaysWhatToDo()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Perturb(new TopKAttack { K = 10 }, network, images, classes));
        StringAssert.Contains(error.Message, "ActivationLayer");
        StringAssert.Contains(error.Message, "Surrogate");
    }

    [TestMethod]
    public void TargetsAreAsDescribed()
    {
        using var scope = NewDisposeScope();
        Tensor maps = rand([2, 32, 32], ScalarType.Float64);
        Tensor frame = new FrameTarget().Create(maps);
        for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
        {
            Assert.AreEqual(Math.Min(Math.Min(y, 31 - y), Math.Min(x, 31 - x)) < 5 ? 1 : 0, frame[1, y, x].ToDouble());
        }

        Assert.AreEqual(35L * 224 * 2 + (154L * 35 * 2), new FrameTarget().Create(zeros([1, 224, 224])).sum().ToInt64());
        Values.AreClose(Values.Of(maps[1]).Concat(Values.Of(maps[0])).ToArray(), Values.Of(new NextImageTarget().Create(maps)), 0);
        Values.AreClose([1, 2, 3, 4, 1, 2, 3, 4], Values.Of(new GivenTarget(2, 2, [1, 2, 3, 4]).Create(zeros([2, 2, 2]))), 0);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new GivenTarget(2, 2, [1, 2, 3, 4]).Create(maps)).Message, "32×32");
    }

    [TestMethod]
    public void DefaultsAreThePapers()
    {
        Assert.AreEqual((8.0 / 255, 50, 1.0 / 255, 100), Of(new TopKAttack(), new TopKAttack().K));
        Assert.AreEqual((4.0 / 255, 100, 16.0 / 255 / 100, 0), Of(new TargetMapAttack(), 0));
        Assert.AreEqual((8.0 / 255, 3, 5.0 / 255, 1000), Of(new AlignmentAttack(), (int)Math.Round(new AlignmentAttack().TopShare * 3072)));
        Assert.AreEqual((8.0 / 255, 7, 2.0 / 255, 0), Of(new ProjectedGradientDescent(), 0));
        Assert.AreEqual(
            8.0 / 255 / 25,
            ((AttributionAttack)new TargetMapAttack().WithThreatModel(new LinfBall(8.0 / 255))).Step.SizeFor(8.0 / 255, 100),
            1e-15,
            "steps of 4ε/n follow ε");
        Assert.AreEqual(Activation.Softplus(20), new TopKAttack().Surrogate);
        Assert.AreEqual(Activation.Softplus(20), new TargetMapAttack().Surrogate);
        Assert.AreEqual(Activation.Softplus(50), new AlignmentAttack().Surrogate);
        Assert.IsNull(new ProjectedGradientDescent().Surrogate);
        Assert.IsTrue(new ProjectedGradientDescent() is { KeepPrediction: false, RandomStart: true });
        Assert.IsTrue(new TopKAttack() is { KeepPrediction: true, RandomStart: true, Restarts: 1 });

        static (double Epsilon, int Steps, double Size, int K) Of(AttributionAttack attack, int k)
            => (attack.ThreatModel.Radius, attack.Steps, attack.Step.SizeFor(attack.ThreatModel.Radius, attack.Steps), k);
    }

    [TestMethod]
    public void ImpossibleOptionsAreNamed()
    {
        foreach ((Action make, string name) in new (Action, string)[]
        {
            (() => _ = new TopKAttack { K = 0 }, "K"),
            (() => _ = new TopKAttack { Steps = -1 }, "Steps"),
            (() => _ = new TopKAttack { Restarts = 0 }, "Restarts"),
            (() => _ = new SteepestStep(0), "Size"),
            (() => _ = new TargetMapAttack { Gamma = 1.5 }, "Gamma"),
            (() => _ = new FrameTarget { Border = 0.6 }, "Border"),
            (() => _ = new AlignmentAttack { TopShare = 0 }, "TopShare"),
        })
        {
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(make).Message, name);
        }

        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new TopKAttack { Attribution = new Opaque() }).Message, nameof(Opaque));
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Perturb(new TopKAttack { K = 64 }, network, images, classes)).Message, "64");
    }

    private static AttackResult Perturb(IAttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes)
    {
        using var generator = new Generator(11, CPU);
        return attack.Perturb(network, images, classes, generator);
    }

    private static Tensor Map(ImageNetwork network, Tensor images, Tensor classes)
        => new MapReduction().Reduce(new InputGradient().Attribute(network, images, classes));

    private static double Accuracy(ImageNetwork network, Tensor images, Tensor classes)
        => network.Logits(images).argmax(1).eq(classes).to_type(ScalarType.Float64).mean().ToDouble();

    /// <summary>Noise, and a faint bright spot in the quadrant that is the class.</summary>
    internal static (Tensor Images, Tensor Classes) Quadrants(ImageNetwork network, int count, ulong seed)
    {
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, count, seed);
        Tensor spot = zeros([4, 1, 8, 8], network.DataType);
        for (int quadrant = 0; quadrant < 4; quadrant++)
        {
            spot[quadrant, 0].narrow(0, quadrant / 2 * 4 + 1, 2).narrow(1, quadrant % 2 * 4 + 1, 2).fill_(0.3);
        }

        return ((images * 0.5) + spot.index_select(0, classes), classes);
    }

    internal static ImageNetwork TrainedOnQuadrants(Activation activation, ScalarType type = ScalarType.Float32)
    {
        var architecture = new SmallConvNetArchitecture { FirstStageChannels = 8, SecondStageChannels = 12, HiddenUnits = 24 };
        ImageNetwork network = TinyNetworks.Create(architecture, 5, activation, type: type);
        using var optimizer = optim.Adam(network.Backbone.parameters(), 0.01);
        using var generator = new Generator(1, CPU);
        for (ulong step = 0; step < 120; step++)
        {
            using var scope = NewDisposeScope();
            (Tensor images, Tensor classes) = Quadrants(network, 32, step);
            using ObjectiveResult result = new CrossEntropy().Evaluate(network, images, classes, generator);
            optimizer.zero_grad();
            result.Loss.backward();
            optimizer.step();
        }

        return network;
    }

    private sealed record Opaque : IAttributionMethod
    {
        public bool IsDifferentiable => false;

        public Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false) => throw new NotSupportedException();
    }

    /// <summary>Sends every iterate to the image turned round: the spot is in another quadrant.</summary>
    private sealed record UpsideDown : IThreatModel
    {
        public double Radius => 1;

        public IThreatModel WithRadius(double radius) => this;

        public Tensor RandomStart(Tensor images, InputSpecification input, Generator generator) => Project(images, images, input);

        public Tensor Step(Tensor current, Tensor gradient, double size) => current.clone();

        public Tensor Project(Tensor candidate, Tensor origin, InputSpecification input) => origin.flip(2, 3);
    }
}
