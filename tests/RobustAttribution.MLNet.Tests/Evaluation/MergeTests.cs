using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>Metrics of shards, merged in any order and grouping, are those of the whole to the last bit: their JSON has every bit of every number.</summary>
[TestClass]
public sealed class MergeTests
{
    private static readonly SimilarityColumn[] Similarities = [new(new TopKIntersection(9)), new("Cosine", new CosineSimilarity()), new(new PearsonCorrelation())];
    private static readonly TopKAttack Attack = new() { K = 9, Steps = 2, RandomStart = true };

    /// <summary>An evaluation, how its metrics merge, and what they say.</summary>
    public sealed record Evaluator(string Name, Func<MulticlassClassificationCatalog, IDataView, object> Evaluate, Func<object, object, object> Merge, Func<object, string> Json)
    {
        public static Evaluator Of<T>(string name, Func<MulticlassClassificationCatalog, IDataView, T> evaluate, Func<T, T, T> merge, Func<T, string> json)
            where T : class
            => new(name, evaluate, (a, b) => merge((T)a, (T)b), metrics => json((T)metrics));

        public override string ToString() => Name;
    }

    private static IEnumerable<object[]> Evaluators => new[]
    {
        Evaluator.Of(
            "attribution robustness",
            (catalog, view) => catalog.EvaluateAttributionRobustness(view, new AttributionRobustnessOptions { Attack = Attack, Similarities = Similarities }),
            (a, b) => a.Merge(b),
            metrics => metrics.ToJson() + metrics.ToString()),
        Evaluator.Of(
            "correctly classified only",
            (catalog, view) => catalog.EvaluateAttributionRobustness(
                view, new AttributionRobustnessOptions { Attack = Attack, Similarities = Similarities, CorrectlyClassifiedOnly = true }),
            (a, b) => a.Merge(b),
            metrics => metrics.ToJson() + metrics.GetFormattedTable()),
        Evaluator.Of(
            "insertion and deletion",
            (catalog, view) => catalog.EvaluateInsertionDeletion(view, new PixelCurveOptions { Steps = 5, Attack = Attack }),
            (a, b) => a.Merge(b),
            metrics => metrics.ToJson() + metrics),
        Evaluator.Of(
            "random perturbation",
            (catalog, view) => catalog.EvaluateRandomPerturbation(view, new() { Draws = 3, Similarities = Similarities }),
            (a, b) => a.Merge(b),
            metrics => metrics.ToJson() + metrics),
        Evaluator.Of(
            "security curve",
            (catalog, view) => catalog.EvaluateSecurityCurve(view, new SecurityCurve
            {
                Radii = [0, 0.1],
                PredictionAttack = new ProjectedGradientDescent { Steps = 2 },
                ExplanationAttack = Attack,
                Similarities = [new CosineSimilarity()],
            }),
            (a, b) => a.Merge(b),
            metrics => metrics.ToJson() + metrics),
        Evaluator.Of(
            "localisation",
            (catalog, view) => catalog.EvaluateLocalization(view, new LocalizationColumns { MinimumOverlap = 0.1 }),
            (a, b) => a.Merge(b),
            metrics => metrics.ToJson() + metrics),
    }.Select(evaluator => new object[] { evaluator });

    [TestMethod]
    [DynamicData(nameof(Evaluators))]
    public void ShardsOfADatasetMergeToTheWhole(Evaluator evaluator)
    {
        using var scored = new Scored(26); // six batches and a half
        DataOperationsCatalog data = scored.Context.Data;
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        IDataView view = Boxed(scored);
        string whole = evaluator.Json(evaluator.Evaluate(catalog, view));
        var shards = new Dictionary<(int Start, int Count), object>();
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            List<object> parts = [];
            for (int start = 0; start < 26;)
            {
                int count = random.Next(1, 4) * Scored.BatchSize; // the cut is between two batches
                if (!shards.TryGetValue((start, count), out object? part))
                {
                    part = shards[(start, count)] = evaluator.Evaluate(catalog, data.TakeRows(start == 0 ? view : data.SkipRows(view, start), count));
                }

                parts.Add(part);
                start += count;
            }

            parts.Add(evaluator.Evaluate(catalog, data.SkipRows(view, 100))); // a shard without rows changes nothing
            while (parts.Count > 1)
            {
                object[] pair = [.. Enumerable.Range(0, 2).Select(_ =>
                {
                    int index = random.Next(parts.Count);
                    object taken = parts[index];
                    parts.RemoveAt(index);
                    return taken;
                })];
                parts.Add(evaluator.Merge(pair[0], pair[1]));
            }

            Assert.AreEqual(whole, evaluator.Json(parts[0]), $"seed {seed}");
        }
    }

    [TestMethod]
    public void RowsInAnyOrderAndGroupingGiveTheSameBits()
    {
        var random = new Random(1);
        RobustnessRow[] rows = [.. Enumerable.Range(0, 500).Select(i => new RobustnessRow
        {
            Image = i,
            Attack = 0,
            Label = random.Next(-1, 3),
            PredictedBefore = random.Next(3),
            PredictedAfter = random.Next(3),
            Valid = random.Next(4) > 0,
            Similarities = [random.NextDouble(), random.Next(9) == 0 ? double.NaN : (2 * random.NextDouble()) - 1, random.NextDouble() * 1e-9],
        })];
        AttributionRobustnessMetrics whole = Of(rows);
        for (int seed = 0; seed < 30; seed++)
        {
            random = new Random(seed);
            random.Shuffle(rows);
            AttributionRobustnessMetrics[] parts = [.. rows.Chunk(1 + random.Next(80)).Select(Of)];
            AttributionRobustnessMetrics merged = seed % 2 == 0
                ? parts.Aggregate((a, b) => a.Merge(b))
                : parts.Reverse().Aggregate((a, b) => b.Merge(a));
            Assert.AreEqual(whole.ToJson(), merged.ToJson());
            Assert.AreEqual(whole.GetFormattedTable(), merged.GetFormattedTable());
        }

        SimilarityStatistics second = whole.Similarities["Cosine"];
        double[] values = [.. rows.Where(row => row.Valid && !double.IsNaN(row.Similarities[1])).Select(row => row.Similarities[1])];
        Assert.AreEqual(values.Average(), second.Mean, 1e-15);
        Assert.AreEqual(values.Length, second.Count);
        Assert.AreEqual(rows.Count(row => row.Label < 0), 500 - whole.LabelledCount);

        static AttributionRobustnessMetrics Of(RobustnessRow[] rows)
            => AttributionRobustnessMetrics.Of(rows, ["a", "b", "c"], Similarities, correctOnly: false);
    }

    [TestMethod]
    public void FoldsOfACrossValidationMergeWhateverTheOrderOfTheirClasses()
    {
        var context = new MLContext(seed: 1);
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(12));
        IEstimator<ITransformer> pipeline = context.Transforms.Conversion.MapValueToKey("Label").Append(context.Transforms.RobustImageClassification(Scored.Options()));
        CountingArchitecture.Register();
        var folds = context.MulticlassClassification.CrossValidate(data, pipeline, numberOfFolds: 3);
        AttributionRobustnessMetrics[] metrics = [.. context.MulticlassClassification.EvaluateAttributionRobustness(folds, new() { Attack = Attack, Similarities = Similarities })];
        string[][] classes = [.. metrics.Select(Classes)];
        Assert.IsGreaterThan(1, classes.Select(names => string.Join(',', names)).Distinct().Count(), "the folds have one order");

        AttributionRobustnessMetrics whole = metrics.Aggregate((a, b) => a.Merge(b));
        Assert.AreEqual(12, whole.RowCount);
        CollectionAssert.AreEqual(classes[0], Classes(whole));
        foreach (string name in classes[0])
        {
            Assert.AreEqual(metrics.Sum(fold => Of(fold, name).Count), Of(whole, name).Count, name);
            Assert.AreEqual(metrics.Where(fold => Of(fold, name).Count > 0).Sum(fold => Of(fold, name).Mean * Of(fold, name).Count), Of(whole, name).Mean * Of(whole, name).Count, 1e-12, name);
        }

        static string[] Classes(AttributionRobustnessMetrics metrics) => [.. metrics.Similarities["Cosine"].PerClass.Select(entry => entry.ClassName)];
        static ClassStatistics Of(AttributionRobustnessMetrics metrics, string name) => metrics.Similarities["Cosine"].PerClass.Single(entry => entry.ClassName == name);
    }

    [TestMethod]
    public void OtherMeasuresClassesCurvesOrThresholdsAreRefusedByName()
    {
        AttributionRobustnessMetrics Robustness(string[] classes, params SimilarityColumn[] columns) => AttributionRobustnessMetrics.Of([], classes, columns, false);
        AttributionRobustnessMetrics metrics = Robustness(["a"], Similarities[0]);
        Refuses(() => metrics.Merge(Robustness(["a"], Similarities[1])), "Cosine");
        Refuses(() => metrics.Merge(Robustness(["b"], Similarities[0])), "[b]");
        Refuses(() => metrics.Merge(Robustness(["a"], new SimilarityColumn(new TopKIntersection(8)))), "K = 8");
        Refuses(() => PixelCurveMetrics.Empty(5, true).Merge(PixelCurveMetrics.Empty(5, false)), "AdversarialInsertion");
        Refuses(() => PixelCurveMetrics.Empty(5, true).Merge(PixelCurveMetrics.Empty(6, true)), "5 and 6 points");
        using var scored = new Scored();
        SecurityCurveMetrics Security(params double[] radii) => scored.Context.MulticlassClassification.EvaluateSecurityCurve(
            scored.Context.Data.SkipRows(scored.View, 100), new SecurityCurve { Radii = radii });
        Refuses(() => Security(0, 0.1).Merge(Security(0)), "2 and 1 points");
        Refuses(() => Security(0, 0.1).Merge(Security(0, 0.2)), "0.2");
        LocalizationMetrics Boxes(double threshold, double overlap = 0.5) => scored.Context.MulticlassClassification.EvaluateLocalization(
            Boxed(scored, threshold), new LocalizationColumns { MinimumOverlap = overlap });
        Refuses(() => Boxes(0.1).Merge(Boxes(0.2)), "0.2");
        Refuses(() => Boxes(0.1).Merge(Boxes(0.1, 0.25)), "0.25");

        static void Refuses(Func<object> merge, string part)
            => StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => merge()).Message, part);
    }

    /// <summary>The scored view with maps, their boxes and a true box.</summary>
    private static IDataView Boxed(Scored scored, params double[] thresholds)
    {
        MLContext context = scored.Context;
        IDataView truth = context.Transforms.CustomMapping<Row, TrueBox>((input, output) => output.Box = [input.Id % 3, 1, 6, 7], null).Fit(scored.View).Transform(scored.View);
        return context.Transforms.Saliency()
            .Append(context.Transforms.SaliencyLocalization(new SaliencyLocalizationEstimator.Options { Thresholds = thresholds is [] ? [0.1, 0.5] : thresholds }))
            .Fit(truth)
            .Transform(truth);
    }

    private sealed class Row
    {
        public int Id { get; set; }
    }

    private sealed class TrueBox
    {
        [VectorType(4)]
        public float[] Box { get; set; } = [];
    }
}
