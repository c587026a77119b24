using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;
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
            "controls",
            (catalog, view) => catalog.EvaluateAttributionRobustness(
                view, new AttributionRobustnessOptions { Attack = Attack, Similarities = Similarities, Controls = [new EdgeMap(), new RandomMap()] }),
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
            => AttributionRobustnessMetrics.Of(rows, ["a", "b", "c"], Similarities, new MeasuredAttack(CorrectlyClassifiedOnly: false));
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
    public void WhatWasMeasuredOtherwiseIsRefusedByPropertyAndBothValues()
    {
        AttributionRobustnessMetrics Robustness(string[] classes, params SimilarityColumn[] columns) => AttributionRobustnessMetrics.Of([], classes, columns, new MeasuredAttack(false));
        AttributionRobustnessMetrics metrics = Robustness(["a"], Similarities[0]);
        Refuses(() => metrics.Merge(Robustness(["a"], Similarities[1])), "Similarities[0].ColumnName: TopKIntersection against Cosine");
        Refuses(() => metrics.Merge(Robustness(["b"], Similarities[0])), "Classes[0]: a against b");
        Refuses(() => metrics.Merge(Robustness(["a", "b"], Similarities[0])), "Classes: 1 against 2 values");
        Refuses(() => metrics.Merge(Robustness(["a"], new SimilarityColumn(new TopKIntersection(8)))), "Similarities[0].Similarity.K: 9 against 8");
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        IDataView none = scored.Context.Data.SkipRows(scored.View, 100);

        var attack = new AttributionRobustnessOptions { Attack = Attack, Similarities = Similarities };
        foreach ((AttributionRobustnessOptions other, string difference) in new[]
        {
            (attack with { Attack = Attack with { Steps = 3 } }, "Attack.Steps: 2 against 3"),
            (attack with { Attack = Attack with { ThreatModel = new LinfBall(0.5) } }, "Attack.ThreatModel.Radius: 0.03137254901960784 against 0.5"),
            (attack with { Attack = Attack with { ThreatModel = new L2Ball(0.5) } }, "Attack.ThreatModel: LinfBall against L2Ball"),
            (attack with { Attack = new CenterOfMassAttack() }, "Attack: TopKAttack against CenterOfMassAttack"),
            (attack with { Method = new SmoothGrad() }, "Method: InputGradient against SmoothGrad"),
            (attack with { Reduction = new(MapSign.Positive) }, "Reduction.Sign: Absolute against Positive"),
            (attack with { CorrectlyClassifiedOnly = true }, "CorrectlyClassifiedOnly: False against True"),
        })
        {
            Refuses(() => catalog.EvaluateAttributionRobustness(none, attack).Merge(catalog.EvaluateAttributionRobustness(none, other)), difference);
        }

        Assert.AreEqual(0, catalog.EvaluateAttributionRobustness(none, attack).Merge(
            catalog.EvaluateAttributionRobustness(none, attack with { Attack = Attack with { ThreatModel = new LinfBall() }, Seed = 5, BatchSize = 2 })).RowCount);

        var curves = new PixelCurveOptions { Attack = Attack, Steps = 5 };
        foreach ((PixelCurveOptions other, string difference) in new[]
        {
            (curves with { Attack = null }, "Attack: TopKAttack against null"), (curves with { Attack = Attack with { K = 8 } }, "Attack.K: 9 against 8"),
            (curves with { Steps = 6 }, "Steps: 5 against 6"), (curves with { Method = new SmoothGrad() }, "Map.Method: InputGradient against SmoothGrad"),
            (curves with { LabelColumnName = null }, "FollowsLabel: True against False"),
        })
        {
            Refuses(() => catalog.EvaluateInsertionDeletion(none, curves).Merge(catalog.EvaluateInsertionDeletion(none, other)), difference);
        }

        var noise = new RandomPerturbationEstimator.Options { Draws = 3 };
        foreach ((RandomPerturbationEstimator.Options other, string difference) in new[]
        {
            (noise with { Draws = 4 }, "Draws: 3 against 4"), (noise with { ThreatModel = new LinfBall(0.5) }, "ThreatModel.Radius: 0.03137254901960784 against 0.5"),
            (noise with { Reduction = new() }, "Reduction.Scale: Max against None"),
        })
        {
            Refuses(() => catalog.EvaluateRandomPerturbation(none, noise).Merge(catalog.EvaluateRandomPerturbation(none, other)), difference);
        }

        var curve = new SecurityCurve { Radii = [0, 0.1], ExplanationAttack = Attack, Similarities = [new TopKIntersection(9)] };
        foreach ((SecurityCurve other, string difference) in new[]
        {
            (curve with { Radii = [0] }, "Radii: 2 against 1 values"), (curve with { Radii = [0, 0.2] }, "Radii[1]: 0.1 against 0.2"),
            (curve with { ExplanationAttack = Attack with { K = 8 } }, "ExplanationAttack.K: 9 against 8"),
            (curve with { PredictionAttack = new ProjectedGradientDescent { Steps = 1 } }, "PredictionAttack.Steps: 7 against 1"),
            (curve with { Similarities = [new TopKIntersection(8)] }, "Similarities[0].K: 9 against 8"), (curve with { Similarities = [] }, "Similarities: 1 against 0 values"),
            (curve with { Map = new SaliencyMap(new SmoothGrad()) }, "Map.Method: InputGradient against SmoothGrad"),
        })
        {
            Refuses(() => catalog.EvaluateSecurityCurve(none, curve).Merge(catalog.EvaluateSecurityCurve(none, other)), difference);
        }

        LocalizationMetrics Boxes(double threshold, double overlap = 0.5) => catalog.EvaluateLocalization(Boxed(scored, threshold), new LocalizationColumns { MinimumOverlap = overlap });
        Refuses(() => Boxes(0.1).Merge(Boxes(0.2)), "Threshold: 0.1 against 0.2");
        Refuses(() => Boxes(0.1).Merge(Boxes(0.1, 0.25)), "MinimumOverlap: 0.5 against 0.25");

        static void Refuses(Func<object> merge, string difference) => Assert.AreEqual(
            $"Merged are metrics that were measured alike; these differ in {difference}.", Assert.ThrowsExactly<ArgumentException>(() => merge()).Message);
    }

    [TestMethod]
    [DynamicData(nameof(Evaluators))]
    public void NoRowsAreADashInTheTextAndNullInTheJson(Evaluator evaluator)
    {
        using var scored = new Scored();
        object metrics = evaluator.Evaluate(scored.Context.MulticlassClassification, scored.Context.Data.SkipRows(Boxed(scored), 100));
        foreach (string text in new[] { metrics.ToString()!, evaluator.Json(metrics) })
        {
            StringAssert.Contains(text, "–");
            Assert.DoesNotContain("NaN", text);
        }

        StringAssert.Contains(evaluator.Json(metrics), "null");
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
