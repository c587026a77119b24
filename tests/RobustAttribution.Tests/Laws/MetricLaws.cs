using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every way to measure a network, over both element types and activations: the same numbers again, and nothing left behind.</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class MetricLaws
{
    private static readonly IMapSimilarity[] Small = [new TopKIntersection(9), new KendallTau()];

    /// <summary>A metric that measures a batch and gives back its numbers.</summary>
    public sealed record Row(string Name, Func<ImageNetwork, Tensor, Tensor, Generator, double[]> Measure)
    {
        public override string ToString() => Name;
    }

    internal static readonly Row[] Table =
    [
        new(nameof(InsertionCurve), (network, images, classes, _) => Curve(new InsertionCurve(), network, images, classes)),
        new(nameof(DeletionCurve), (network, images, classes, _) => Curve(new DeletionCurve(), network, images, classes)),
        new(nameof(RobustnessMeasurement), (network, images, classes, _) =>
        {
            var measurement = new RobustnessMeasurement
            {
                Attacks = [new RobustAttribution.Attacks.TopKAttack { K = 9, Steps = 2, RandomStart = true }, new RobustAttribution.Attacks.RandomNoise()],
                Similarities = Small,
                KeepImages = true,
            };
            return [.. measurement.Measure(network, new TensorBatchSource(images, classes), 2, seed: 3)
                .Where(row => row.Valid).SelectMany(row => row.Similarities.Concat(row.AttackedMap.ToArray().Select(value => (double)value)))];
        }),
        new(
            nameof(HessianNorm),
            (network, images, classes, generator) => Numbers(new HessianNorm { Draws = 2 }.Measure(network, images, classes, generator))),
        new(nameof(UpperBoundReport), (network, images, classes, _) =>
        {
            using Tensor moved = images * 0.9;
            using UpperBoundReport report = UpperBoundReport.Measure(network, images, moved, classes);
            return Read(report.SquaredDistance, report.CosineDistance, report.HessianVectorNorm, report.RelativeHessianVectorNorm);
        }),
        new(nameof(SecurityCurve), (network, images, classes, generator) =>
        {
            var attack = new RobustAttribution.Attacks.TopKAttack { K = 9, Steps = 2 };
            var curve = new SecurityCurve { Radii = [0, 0.1], Similarities = Small, ExplanationAttack = attack };
            return [.. curve.Measure(network, new TensorBatchSource(images, classes), 2, generator)
                .SelectMany(point => point.Similarities.Select(mean => mean.Mean).Prepend(point.Accuracy))];
        }),
        new(nameof(SanityChecks), (network, images, classes, _) =>
        {
            var checks = new SanityChecks { Attack = new RobustAttribution.Attacks.TopKAttack { K = 9, Steps = 2 }, Similarity = new SpearmanCorrelation() };
            return [.. checks.Measure(network, new TensorBatchSource(images, classes), 2)
                .Checks.SelectMany(check => check.Values.SelectMany(value => new[] { value.Similarity, value.Count }))];
        }),
        new(nameof(WorstCaseEvaluation), (network, images, classes, _) =>
        {
            var attack = new RobustAttribution.Attacks.WorstCaseAttack
            {
                Judge = new TopKIntersection(9), Steps = 2, Restarts = 2, Queries = 3, NoiseDraws = 2,
            };
            WorstCaseMetrics metrics = new WorstCaseEvaluation { Attack = attack }.Measure(network, new TensorBatchSource(images, classes), 2, seed: 3);
            return [.. metrics.Measures.SelectMany(measure => measure.ByRestart.Append(measure.Mean).Concat(measure.Values.Where(double.IsFinite)))];
        }),
        new(nameof(Evaluation), (network, images, classes, _) =>
        {
            var source = new TensorBatchSource(images, classes);
            EvaluationResult result = Evaluation.Measure(network, source, 2);
            return [result.Loss, result.Accuracy, result.Count];
        }),
    ];

    public static IEnumerable<object[]> Cases
        => from row in Table from type in new[] { ScalarType.Float64, ScalarType.Float32 } from relu in new[] { false, true }
            select new object[] { row, type, relu };

    public static IEnumerable<object[]> Rows
        => from row in Table from situation in new[] { "normal", "wrong class", "network throws" } select new object[] { row, situation };

    [TestMethod]
    public void EveryMetricIsInTheTable()
    {
        string[] all = [.. typeof(PixelCurve).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == typeof(PixelCurve).Namespace && !type.IsAbstract && type.GetMethod("Measure") is not null)
            .Select(type => type.Name)];
        CollectionAssert.IsSubsetOf(all, Table.Select(row => row.Name).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheSameSeedGivesTheSameFiniteNumbers(Row row, ScalarType type, bool relu)
    {
        TestDevice.RequireRepeatable();
        using ImageNetwork network = TinyNetworks.Convolutional(activation: relu ? Activation.Relu : null, type: type);
        (double[] first, double[] second) = (Run(row, network), Run(row, network));
        CollectionAssert.AreEqual(first, second);
        Assert.IsTrue(first.All(double.IsFinite), string.Join(' ', first));
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void NothingIsLeftBehind(Row row, string situation)
    {
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(TinyNetworks.Convolutional());
        using IDisposable owned = network;
        network.Backbone.train();
        network.Backbone.named_children().First().module.eval();
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5);
        using var generator = new Generator(3);
        row.Measure(network, images, classes, generator);
        counter.FailingCall = situation == "network throws" ? counter.Calls : 0; // the last one
        counter.Reset();
        classes = situation == "wrong class" ? full_like(classes, 99) : classes;
        NetworkState before = NetworkState.Of(network);
        try
        {
            row.Measure(network, images, classes, generator);
            Assert.AreEqual("normal", situation, "it should have failed");
        }
        catch (Exception error) when (situation != "normal" && error is not UnitTestAssertException)
        {
        }

        before.IsUnchanged($"{row}, {situation}");
    }

    private static double[] Run(Row row, ImageNetwork network)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 5);
        using var generator = new Generator(3);
        return row.Measure(network, images, classes, generator);
    }

    private static double[] Curve(PixelCurve curve, ImageNetwork network, Tensor images, Tensor classes)
    {
        using Tensor maps = images.sum(1);
        using PixelCurveResult result = curve.Measure(network, images, classes, maps);
        return Read(result.Values, result.Areas);
    }

    private static double[] Numbers(Tensor tensor)
    {
        using (tensor)
        {
            return Read(tensor);
        }
    }

    /// <summary>The numbers, without leaving a copy behind.</summary>
    private static double[] Read(params Tensor[] tensors)
    {
        using IDisposable scope = NewDisposeScope();
        return [.. tensors.SelectMany(Values.Of)];
    }
}
