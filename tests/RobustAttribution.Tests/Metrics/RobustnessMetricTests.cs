using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Metrics;

[TestClass]
public sealed class RobustnessMetricTests
{
    [TestMethod]
    public void RandomPerturbationIsTheMeanOverDrawsAgainstTheCleanMap()
    {
        foreach (IThreatModel ball in new IThreatModel[] { new LinfBall(0.1), new L2Ball(0.5) })
        {
            using IDisposable scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional();
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using var generator = new Generator(4);
            using var twin = new Generator(4);
            RobustnessMeasurement metric = RobustnessMeasurement.RandomPerturbation(ball, 5) with
            {
                AttackTrueClass = true,
                Similarities = [new PearsonCorrelation()],
            };
            double[] actual = [.. metric.MeasureBatch(network, images, classes, generator)
                .GroupBy(row => row.Image, (_, draws) => RobustnessRow.MeanSimilarities([.. draws])[0])];

            network.Backbone.eval();
            Tensor Map(Tensor images)
            {
                Tensor map = new InputGradient().Attribute(network, images, classes).abs().sum(1);
                return map / map.flatten(1).amax([1]).reshape(-1, 1, 1);
            }

            double[] expected = new double[3];
            for (int draw = 0; draw < 5; draw++)
            {
                double[] values = Values.Of(new PearsonCorrelation().Compare(Map(images), Map(new DrawnByImage(ball).RandomStart(images, network.Input, twin))));
                expected = [.. expected.Zip(values, (sum, value) => sum + (value / 5))];
            }

            Values.AreClose(expected, actual, 1e-12);
            Assert.IsTrue(expected.All(value => value < 0.9999));
        }
    }

    [TestMethod]
    public void WithoutPerturbationEverythingIsIdeal()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using var generator = new Generator(4);
        foreach (IMapSimilarity similarity in SimilarityTable.Rows.Select(
            row => row.Similarity switch
            {
                TopKIntersection => new TopKIntersection(9),
                LocalitySensitiveTopK => new LocalitySensitiveTopK(9),
                { } similarity => similarity,
            }))
        {
            RobustnessMeasurement metric = RobustnessMeasurement.RandomPerturbation(new LinfBall(0), 2) with { Similarities = [similarity] };
            IReadOnlyList<RobustnessRow> rows = metric.MeasureBatch(network, images, classes, generator);
            Assert.HasCount(6, rows);
            Values.AreClose([.. rows.Select(_ => similarity.Ideal)], [.. rows.Select(row => row.Similarities[0])], 1e-12);
        }
    }

    [TestMethod]
    public void AccuracyUnderAttackCountsImagesThatAreRightBothTimes()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = Trained();
        using var generator = new Generator(4);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 21);
        network.Backbone.eval();
        Tensor Change(Tensor images) => images.flip(2);
        (Tensor clean, Tensor attacked) = (network.Logits(images).argmax(1).eq(classes), network.Logits(Change(images)).argmax(1).eq(classes));
        double Share(Tensor flags) => flags.sum().item<long>() / 21.0;
        var attack = new ScriptedAttack((images, _) => Change(images));
        SecurityPoint point = new SecurityCurve { Radii = [0.1], Similarities = [], ExplanationAttack = new RandomNoise(),
            PredictionAttack = attack }
            .Measure(network, new TensorBatchSource(images, classes), 4, generator).Single();
        Assert.AreEqual((Share(clean.logical_and(attacked)), 21L), (point.Accuracy, point.Count));
        Assert.IsTrue(point.Accuracy < Share(clean) && point.Accuracy != Share(attacked), $"{point} {Share(attacked)}");
    }

    [TestMethod]
    public void TheAttackLowersTheAccuracyAndABudgetOfZeroDoesNot()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = Trained();
        using var generator = new Generator(4);
        TensorBatchSource images = TrainingProblems.Images(60);
        double clean = Evaluation.Measure(network, images, 16).Accuracy;
        var attack = new ProjectedGradientDescent { Steps = 40 };
        var curve = new SecurityCurve { Radii = [0, 0.2], Similarities = [], ExplanationAttack = new RandomNoise(), PredictionAttack = attack };
        IReadOnlyList<SecurityPoint> points = curve.Measure(network, images, 32, generator);
        Assert.AreEqual((clean, 60L), (points[0].Accuracy, points[0].Count));
        Assert.IsTrue(points[1].Accuracy < clean - 0.1, $"{points[1]}");
    }

    [TestMethod]
    public void ASecurityCurveHasOnePointForEachBudget()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 10);
        using var generator = new Generator(4);
        Tensor Darken(Tensor images, double radius) => images * (1 - radius);
        var curve = new SecurityCurve
        {
            Radii = [0, 0.25, 1],
            PredictionAttack = new ScriptedAttack((images, radius) => (images + radius).clamp(0, 1)),
            ExplanationAttack = new ScriptedAttack(Darken, index => index != 1), // the second image of each batch has no valid iterate
            Similarities = [new PearsonCorrelation(), new MeanSquaredError()],
        };
        List<long> progress = [];
        IReadOnlyList<SecurityPoint> points = curve.Measure(network, new TensorBatchSource(images, classes), 4, generator, progress.Add);

        CollectionAssert.AreEqual(new long[] { 4, 8, 10 }, progress);
        CollectionAssert.AreEqual(curve.Radii.ToArray(), points.Select(point => point.Radius).ToArray());
        network.Backbone.eval();
        Tensor predicted = network.Logits(images).argmax(1);
        Tensor Map(Tensor images) => new InputGradient().Attribute(network, images, predicted).abs().sum(1);
        foreach (SecurityPoint point in points)
        {
            Tensor right = predicted.eq(classes).logical_and(network.Logits((images + point.Radius).clamp(0, 1)).argmax(1).eq(classes));
            Assert.AreEqual(right.sum().item<long>() / 10.0, point.Accuracy);
            Assert.AreEqual((10L, 7L), (point.Count, point.Valid));
            foreach (MeanSimilarity mean in point.Similarities)
            {
                double[] values = [.. Values.Of(mean.Similarity.Compare(Map(images), Map(Darken(images, point.Radius))))
                    .Where((_, index) => index % 4 != 1)];
                double average = values.Average();
                Assert.AreEqual(average, mean.Mean, 1e-12);
                Assert.AreEqual(Math.Sqrt(values.Sum(value => Math.Pow(value - average, 2)) / 6 / 7), mean.StandardError, 1e-12);
                Assert.AreEqual(7, mean.Count);
            }
        }

        Assert.AreEqual(1, points[0].Similarities[0].Mean, 1e-12);
    }

    [TestMethod]
    public void UndefinedSimilaritiesAreLeftOutAndNotCounted()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear(); // its maps do not depend on the image
        using (no_grad())
        {
            network.Backbone.parameters().First().zero_();
        }

        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5);
        using var generator = new Generator(4);
        var attack = new ScriptedAttack((images, _) => images);
        SecurityPoint point = new SecurityCurve { Radii = [0.1], Similarities = [new KendallTau(), new MeanSquaredError()],
            ExplanationAttack = attack }
            .Measure(network, new TensorBatchSource(images, classes), 4, generator).Single();
        Assert.AreEqual(5, point.Valid);
        Assert.AreEqual(0, point.Similarities[0].Count);
        Assert.IsTrue(double.IsNaN(point.Similarities[0].Mean) && double.IsNaN(point.Similarities[0].StandardError));
        Assert.AreEqual((5L, 0.0, 0.0), (point.Similarities[1].Count, point.Similarities[1].Mean, point.Similarities[1].StandardError));
    }

    [TestMethod]
    public void AnEmptySourceIsAnErrorAndCancellationIsHeard()
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear();
        using var generator = new Generator(4);
        var curve = new SecurityCurve { ExplanationAttack = new TopKAttack { K = 9 }, Similarities = [] };
        var empty = new TensorBatchSource(zeros(0, 2, 8, 8), zeros(0, dtype: ScalarType.Int64));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => curve.Measure(network, empty, 4, generator)).Message, "no image");
        StringAssert.StartsWith(
            Assert.ThrowsExactly<ArgumentException>(() => new SecurityCurve().Measure(network, empty, 4, generator)).Message,
            "ExplanationAttack is a TopKAttack: K is 100; allowed is less than the 64 pixels");
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5);
        var source = new TensorBatchSource(images, classes);
        var cancelled = new CancellationToken(canceled: true);
        Assert.ThrowsExactly<OperationCanceledException>(() => curve.Measure(network, source, 4, generator, null, cancelled));
        Assert.ThrowsExactly<OperationCanceledException>(() => Evaluation.Measure(network, source, 4, cancelled));
    }

    [TestMethod]
    public void OptionsOutsideTheirRangeAreRefusedByName()
    {
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RobustnessMeasurement.RandomPerturbation(draws: 0)).Message, "draws is 0");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SecurityCurve { Radii = [0.1, -0.1] }).Message, "Radii is -0.1");
    }

    /// <summary>A network that knows its problem, so that its predictions vary.</summary>
    private static ImageNetwork Trained()
    {
        ImageNetwork network = TrainingProblems.Network();
        new RobustTrainer(new TrainingOptions { Epochs = 4, BatchSize = 16, LearningRate = 0.01 }).Fit(network, TrainingProblems.Images(60));
        return network;
    }
}
