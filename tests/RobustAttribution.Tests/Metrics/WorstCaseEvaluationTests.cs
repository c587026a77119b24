using System.Text.Json;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

/// <summary>Each flag fires on a network that was built to deserve it, and not on one that does not.</summary>
[TestClass]
public sealed class WorstCaseEvaluationTests
{
    private static readonly TopKIntersection Top = new(10);

    private static WorstCaseEvaluation Brief { get; } = new()
    {
        Attack = new WorstCaseAttack { Judge = Top, Steps = 8, Restarts = 2, Queries = 30, NoiseDraws = 3, ThreatModel = new LinfBall(0.05) },
    };

    private static WorstCaseEvaluation AsItIs { get; } = Brief with { Attack = Brief.Attack with { UseSurrogates = false } };

    [TestMethod]
    public void TheFiguresAreThoseOfTheSearchAndOfItsImages()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 6);
        WorstCaseMetrics metrics = Brief.Measure(network, new TensorBatchSource(images, classes), 4);
        Assert.HasCount(6, metrics.Rows);
        Assert.HasCount(2, metrics.Measures);
        WorstCaseMeasure first = metrics.Measures[0], second = metrics.Measures[1];
        Assert.AreEqual(Top, first.Similarity);
        for (int image = 0; image < 6; image++)
        {
            Assert.AreEqual(first.Values[image], metrics.Rows[image].Similarities[0], 1e-12);
            if (metrics.Rows[image].Valid)
            {
                Assert.IsLessThanOrEqualTo(metrics.Rows[image].Similarities[1], second.Values[image]); // has a worst case of its own
            }
        }

        double[] known = [.. first.Values.Where(value => !double.IsNaN(value))];
        Assert.AreEqual(known.Average(), first.Mean, 1e-12);
        Assert.AreEqual(first.Mean, first.ByRestart[^1], 1e-12);
        Assert.IsGreaterThanOrEqualTo(first.ByRestart[1], first.ByRestart[0]);
        Assert.IsTrue(first.ByAttack.All(alone => double.IsNaN(alone.Mean) || alone.Mean >= first.Mean - 1e-12));
        StringAssert.Contains(metrics.ToString(), "RandomNoise alone");
    }

    [TestMethod]
    public void ANetworkInTrainingModeIsNamedAndStaysInIt()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual();
        network.Backbone.train();
        Assert.Contains(EvaluationConcern.TrainingMode, Flags(Brief, network));
        Assert.IsTrue(network.Backbone.training);
        network.Backbone.eval();
        Assert.DoesNotContain(EvaluationConcern.TrainingMode, Flags(Brief, network));
        network.Backbone.modules().OfType<BatchNorm2d>().Last().train(); // one layer of an evaluated network
        Assert.Contains(EvaluationConcern.TrainingMode, Flags(Brief, network));
        Assert.IsTrue(network.Backbone.modules().OfType<BatchNorm2d>().Last().training);
    }

    [TestMethod]
    [DataRow(8.0 / 255 / 255, 1.0, true)]
    [DataRow(0.5, 1.0, true)]
    [DataRow(0.3, 1.0, false)]
    [DataRow(8.0 / 255, 1.0 / 255, true)]
    [DataRow(8.0 / 255, 1.0, false)]
    public void AnotherUnitIsNoticed(double epsilon, double brightness, bool isWrong)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, _) = TinyNetworks.Batch(network, 2);
        IReadOnlyList<EvaluationConcern> flags = Flags(WithBall(new LinfBall(epsilon)), network, images * brightness);
        Assert.AreEqual(isWrong, flags.Contains(EvaluationConcern.UnitOfEpsilon));
    }

    [TestMethod]
    [DataRow(0.5 / 255, true)]
    [DataRow(8, true)]
    [DataRow(0.5, false)]
    public void AnotherUnitIsNoticedInL2(double epsilon, bool isWrong)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(); // black is 11.3 from white
        Assert.AreEqual(isWrong, Flags(WithBall(new L2Ball(epsilon)), network).Contains(EvaluationConcern.UnitOfEpsilon));
    }

    /// <summary>In L2 a length of 1e-7 over all pixels would be rounded away in float32.</summary>
    [TestMethod]
    [DataRow(Pooling.Max, true)]
    [DataRow(Pooling.Average, false)]
    public void KinksAndTiesDoNotDependOnTheBall(Pooling pooling, bool hasKinks)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Pooled(pooling, ScalarType.Float32);
        Tensor background = ones([4, 2, 8, 8], network.DataType, network.Device);
        Assert.AreEqual(hasKinks, Flags(WithBall(new L2Ball(0.3)), network, background).Contains(EvaluationConcern.NotContinuous));
    }

    [TestMethod]
    public void NoiseThatChangesThePredictionCountsForKinksToo()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Own(new PixelFunction(
            (x, weights) => (x * 1e9 * weights).sin().sum(1), other: x => (x.abs().amax([1L]) - 1e-9) * 1e20)); // alone in its class
        Tensor flat = full([4, 1, 8, 8], 0.5, network.DataType, network.Device);
        Assert.Contains(EvaluationConcern.NotContinuous, Flags(AsItIs, network, flat));
    }

    [TestMethod]
    [DataRow(Pooling.Max, true)]
    [DataRow(Pooling.Average, false)]
    public void KinksAndTiesAreNoAttack(Pooling pooling, bool hasKinks)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Pooled(pooling, ScalarType.Float64);
        Tensor background = zeros([4, 2, 8, 8], network.DataType, network.Device); // every window of the first pool ties
        Assert.AreEqual(hasKinks, Flags(Brief, network, background).Contains(EvaluationConcern.NotContinuous));
    }

    [TestMethod]
    public void MapsThatAreTheSameForAllImagesAreUseless()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear(classes: 2);
        using (no_grad())
        {
            Tensor weights = network.Backbone.parameters().First(parameter => parameter.dim() == 2);
            weights.select(0, 1).copy_(-weights.select(0, 0)); // one map for both classes
        }

        Assert.Contains(EvaluationConcern.ConstantMaps, Flags(AsItIs, network));
        WorstCaseEvaluation byDistance = AsItIs with { Attack = AsItIs.Attack with { Judge = new MeanSquaredError() } };
        Assert.Contains(EvaluationConcern.ConstantMaps, Flags(byDistance, network), "Kendall τ, which is measured too, says so");
        using ImageNetwork other = TinyNetworks.Convolutional();
        Assert.DoesNotContain(EvaluationConcern.ConstantMaps, Flags(Brief, other));
    }

    /// <summary>What AGA does with too much weight: steep logits at pixels that hardly ever vary, beside maps that still differ.</summary>
    [TestMethod]
    public void MapsThatShareMuchOfTheirTopPixelsAreFound()
    {
        using var scope = NewDisposeScope();
        WorstCaseEvaluation evaluation = AsItIs with { Attack = AsItIs.Attack with { Judge = new TopKIntersection(16) } };
        using ImageNetwork network = TinyNetworks.Linear();
        Assert.DoesNotContain(EvaluationConcern.ConstantMaps, Flags(evaluation, network));
        using (no_grad())
        {
            Tensor weights = network.Backbone.parameters().First(parameter => parameter.dim() == 2); // [4, C·H·W]
            weights.reshape(4, 2, 8, 8)[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Slice(0, 1)].fill_(2); // the first row, 8 of 16 pixels
        }

        Assert.Contains(EvaluationConcern.ConstantMaps, Flags(evaluation, network));
    }

    [TestMethod]
    [DataRow(false, true)]
    [DataRow(true, false)]
    public void ANetworkWithoutSecondDerivativeIsNotSearched(bool useSurrogates, bool isMissing)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(activation: Activation.Relu);
        WorstCaseEvaluation evaluation = AsItIs with { Attack = AsItIs.Attack with { UseSurrogates = useSurrogates } };
        Assert.AreEqual(isMissing, Flags(evaluation, network).Contains(EvaluationConcern.NoGradient));
    }

    [TestMethod]
    public void MapsThatAnyNoiseChangesAreNotAttacked()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Own(new PixelFunction((x, weights) => ((x * 5000).sin() * weights).sum(1)));
        WorstCaseEvaluation patient = AsItIs with { Attack = AsItIs.Attack with { NoiseDraws = 30 } };
        Assert.Contains(EvaluationConcern.NoiseNearlyAsStrong, Flags(patient, network));
    }

    /// <summary>A distance has the scale of the maps: it is compared with the distance of maps of different images.</summary>
    [TestMethod]
    [DataRow(1e-3)]
    [DataRow(1e3)]
    public void FindingsDoNotDependOnTheScaleOfADistance(double scale)
    {
        using var scope = NewDisposeScope();
        WorstCaseEvaluation byDistance = AsItIs with { Attack = AsItIs.Attack with { Judge = new MeanSquaredError() } };
        using ImageNetwork rough = Own(new PixelFunction((x, weights) => ((x * 1e8).sin() * weights).sum(1) * scale * 1e-8));
        Assert.Contains(EvaluationConcern.NotContinuous, Flags(byDistance, rough));
        using ImageNetwork smooth = Own(new PixelFunction((x, weights) => ((x * 3).sin() * weights).sum(1) * scale));
        CollectionAssert.IsSubsetOf(Flags(byDistance, smooth).ToArray(), new[] { EvaluationConcern.NotConverged, EvaluationConcern.ConstantMaps });
    }

    /// <summary>In each cell the slope falls, from cell to cell it rises: all local directions are wrong.</summary>
    [TestMethod]
    public void GradientsThatMisleadAreNoticed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Own(new PixelFunction((x, weights) =>
        {
            const double Cell = 0.01;
            Tensor cell = (x.detach() / Cell).floor();
            Tensor within = x - ((cell + 0.5) * Cell).detach();
            return (((x * ((cell * 0.5) + 1)) - (within.square() * 2)) * weights).sum(1);
        }));
        WorstCaseEvaluation evaluation = AsItIs with { Attack = AsItIs.Attack with { Queries = 300 } };
        Assert.Contains(EvaluationConcern.GradientFreeStronger, Flags(evaluation, network));
        using ImageNetwork smooth = TinyNetworks.Convolutional();
        Assert.DoesNotContain(EvaluationConcern.GradientFreeStronger, Flags(Brief, smooth));
    }

    [TestMethod]
    public void ImagesAtTheBorderOfTheirClassAreNotAttacked()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Own(new PixelFunction(
            (x, weights) => (((x * 3) + 1).sin() * weights).sum(1), other: x => x.abs().amax([1L]) - 1e-6)); // grey, 0 after normalisation, is alone in its class
        Tensor flat = full([4, 1, 8, 8], 0.5, network.DataType, network.Device);
        Assert.Contains(EvaluationConcern.PredictionChanged, Flags(AsItIs, network, flat));
        using ImageNetwork sure = Own(new PixelFunction((x, weights) => (((x * 3) + 1).sin() * weights).sum(1)));
        Assert.DoesNotContain(EvaluationConcern.PredictionChanged, Flags(AsItIs, sure, flat));
        foreach (int restarts in new[] { 1, 2, 3 })
        {
            WorstCaseEvaluation brief = AsItIs with { Attack = AsItIs.Attack with { Steps = 1, Restarts = restarts } };
            Assert.Contains(EvaluationConcern.PredictionChanged, Flags(brief, network, flat));
            Assert.AreEqual(0, Measure(brief, network, flat).ValidCount, "an image that came back as it was is not attacked");
        }
    }

    [TestMethod]
    public void ASearchThatEndsTooSoonIsNotConverged()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        WorstCaseEvaluation once = Brief with { Attack = Brief.Attack with { ThreatModel = new LinfBall(0.2), Restarts = 1, Steps = 1 } };
        Assert.Contains(EvaluationConcern.NotConverged, Flags(once, network));
        WorstCaseEvaluation none = Brief with { Attack = Brief.Attack with { ThreatModel = new LinfBall(0) } };
        Assert.DoesNotContain(EvaluationConcern.NotConverged, Flags(none, network)); // nothing was lost, so nothing is left to find
    }

    [TestMethod]
    [DataRow(0.0, "InputGradient computed a map with NaN or infinity for row 4")]
    [DataRow(0.75, "InputGradient computed a map with NaN or infinity for an attacked copy of image ")]
    public void AMapThatIsNotFiniteIsNamed(double brightness, string expected)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Own(new PixelFunction((x, weights) => ((x - 0.45).sqrt() * weights).sum(1))); // pixels above 0.725
        Tensor images = full([6, 1, 8, 8], 0.75, network.DataType, network.Device);
        images[4] = brightness;
        var source = new TensorBatchSource(images, zeros(6, dtype: ScalarType.Int64));
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => AsItIs.Measure(network, source, 6));
        StringAssert.StartsWith(error.Message, expected);
    }

    [TestMethod]
    public void AnEmptySourceIsRefused()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        var source = new TensorBatchSource(zeros([0, 2, 8, 8]), zeros(0, dtype: ScalarType.Int64));
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => Brief.Measure(network, source, 4));
        StringAssert.Contains(error.Message, "no image");
    }

    /// <summary>Half of the images are alone in their class, and no figure of an attack is over them.</summary>
    [TestMethod]
    public void ImagesThatCannotBeAttackedAreInNoFigureOfAnAttack()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Own(new PixelFunction(
            (x, weights) => ((x * 5000).sin() * weights).sum(1), other: x => where(x.amax([1L]).lt(-0.5), x.amax([1L]) + 1 - 1e-6, -1e6)));
        WorstCaseEvaluation patient = AsItIs with { Attack = AsItIs.Attack with { NoiseDraws = 30 } };
        (Tensor drawn, _) = TinyNetworks.Batch(network, 6);
        Tensor images = cat([drawn, zeros_like(drawn)], 0);
        WorstCaseMetrics alone = Measure(patient, network, drawn), mixed = Measure(patient, network, images);
        Assert.AreEqual(6, alone.ValidCount);
        Assert.AreEqual(6, mixed.ValidCount);
        foreach ((AttackAlone expected, AttackAlone found) in alone.Measures[0].ByAttack.Zip(mixed.Measures[0].ByAttack))
        {
            Assert.AreEqual(expected.Mean, found.Mean, 1e-12);
            Assert.AreEqual(expected.Wins, found.Wins);
            Values.AreClose([.. expected.Curve], [.. found.Curve], 1e-12);
        }

        Assert.Contains(EvaluationConcern.NoiseNearlyAsStrong, Concerns(mixed));
    }

    [TestMethod]
    public void RowsAndFiguresAreThoseOfTheImagesInAnyBatchAndOrder()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5);
        WorstCaseMetrics whole = Brief.Measure(network, new TensorBatchSource(images, classes), 5);
        WorstCaseMetrics parts = Brief.Measure(network, new TensorBatchSource(images, classes), 2);
        WorstCaseMetrics turned = Brief.Measure(network, new TensorBatchSource(images.flip(0), classes.flip(0)), 3);
        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3, 4 }, parts.Rows.Select(row => row.Image).ToArray());
        Values.AreClose([.. whole.Measures[0].Values], [.. parts.Measures[0].Values], 0);
        Values.AreClose([.. whole.Measures[0].Values], [.. turned.Measures[0].Values.Reverse()], 0);
        Assert.AreEqual(whole.Measures[1].Interval, turned.Measures[1].Interval);
    }

    [TestMethod]
    public void AReaderOfTheJsonHasTheSameNumbers()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        WorstCaseMetrics metrics = Measure(WithBall(new LinfBall(0.5)), network, TinyNetworks.Batch(network, 3).Images);
        JsonElement all = JsonDocument.Parse(metrics.ToJson()).RootElement;
        Assert.AreEqual((3, metrics.ValidCount), (all.GetProperty("rows").GetInt32(), all.GetProperty("valid").GetInt32()));
        foreach ((WorstCaseMeasure measure, JsonElement read) in metrics.Measures.Zip(all.GetProperty("measures").EnumerateArray()))
        {
            Assert.AreEqual(measure.Similarity.Name, read.GetProperty("name").GetString());
            Assert.AreEqual(measure.Mean, read.GetProperty("mean").GetDouble());
            double[] ends = [.. read.GetProperty("interval").EnumerateArray().Select(end => end.GetDouble())];
            Values.AreClose([measure.Interval.Low, measure.Interval.High], ends, 0);
            Values.AreClose([.. measure.Values], [.. read.GetProperty("values").EnumerateArray().Select(value => value.GetDouble())], 0);
            Values.AreClose([.. measure.ByRestart], [.. read.GetProperty("restarts").EnumerateArray().Select(value => value.GetDouble())], 0);
            JsonElement other = read.GetProperty("otherImages").GetProperty("otherClass");
            Assert.AreEqual(measure.Others!.OtherClass.Count, other.GetProperty("count").GetInt64());
            Assert.AreEqual(double.IsNaN(measure.Others.OtherClass.Mean), other.GetProperty("mean").ValueKind == JsonValueKind.Null);
            foreach ((AttackAlone alone, JsonElement attack) in measure.ByAttack.Zip(read.GetProperty("attacks").EnumerateArray()))
            {
                Assert.AreEqual((alone.Attack, alone.Wins), (attack.GetProperty("name").GetString(), attack.GetProperty("wins").GetInt32()));
                Assert.AreEqual(alone.Mean, attack.GetProperty("mean").GetDouble());
            }
        }

        Assert.Contains(EvaluationConcern.UnitOfEpsilon, Concerns(metrics));
        CollectionAssert.AreEqual(
            metrics.Findings.Select(finding => (finding.Concern.ToString(), finding.Text)).ToArray(),
            all.GetProperty("findings").EnumerateArray()
                .Select(finding => (finding.GetProperty("concern").GetString()!, finding.GetProperty("text").GetString()!)).ToArray());
    }

    /// <summary>Where nothing of the top is left, no restart can find more.</summary>
    [TestMethod]
    public void ASearchThatReachedTheFloorIsConverged()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        WorstCaseMetrics metrics = Measure(WithBall(new LinfBall(0.3)), network, TinyNetworks.Batch(network, 4).Images);
        Assert.AreEqual(0, metrics.Measures[0].Mean);
        Assert.IsGreaterThan(0, metrics.Measures[0].ByRestart[0]);
        Assert.DoesNotContain(EvaluationConcern.NotConverged, Concerns(metrics));
    }

    private static WorstCaseEvaluation WithBall(IThreatModel ball) => Brief with { Attack = Brief.Attack with { ThreatModel = ball } };

    private static IReadOnlyList<EvaluationConcern> Flags(WorstCaseEvaluation evaluation, ImageNetwork network, Tensor? images = null)
    {
        WorstCaseMetrics metrics = Measure(evaluation, network, images ?? TinyNetworks.Batch(network, 6).Images);
        Assert.IsTrue(metrics.Findings.All(finding => finding.Text.Length > 20));
        Assert.DoesNotContain("NaN", metrics.ToString());
        return Concerns(metrics);
    }

    private static WorstCaseMetrics Measure(WorstCaseEvaluation evaluation, ImageNetwork network, Tensor images)
        => evaluation.Measure(network, new TensorBatchSource(images, TinyNetworks.Batch(network, (int)images.shape[0]).Classes), 16);

    private static IReadOnlyList<EvaluationConcern> Concerns(WorstCaseMetrics metrics) => [.. metrics.Findings.Select(finding => finding.Concern)];

    private static ImageNetwork Pooled(Pooling pooling, ScalarType type) => TinyNetworks.Create(
        new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5, Pooling = pooling }, type: type);

    private static ImageNetwork Own(nn.Module<Tensor, Tensor> backbone)
    {
        var network = new ImageNetwork(backbone, new InputSpecification(1, 8, 8), 2);
        network.MoveTo(CPU, ScalarType.Float64);
        return network;
    }

    /// <summary>Two logits: a function of the pixels, and that plus another one, by default a number that makes it the smaller.</summary>
    private sealed class PixelFunction : nn.Module<Tensor, Tensor>
    {
        private readonly Func<Tensor, Tensor, Tensor> function;
        private readonly Func<Tensor, Tensor> other;
        private readonly Tensor weights;

        public PixelFunction(Func<Tensor, Tensor, Tensor> function, Func<Tensor, Tensor>? other = null)
            : base(nameof(PixelFunction))
        {
            (this.function, this.other) = (function, other ?? (x => full(x.shape[0], -1e6, x.dtype, x.device)));
            using var generator = new Generator(5, CPU);
            weights = rand(64, ScalarType.Float64, CPU, false, generator).DetachFromDisposeScope();
            register_buffer("weights", weights);
        }

        public override Tensor forward(Tensor input)
        {
            Tensor value = function(input.flatten(1), weights);
            return stack([value, value.detach() + other(input.detach().flatten(1))], 1);
        }
    }
}
