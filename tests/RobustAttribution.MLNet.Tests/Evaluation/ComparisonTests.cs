using System.Text.Json;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>Intervals, differences of two models on the same images, the lift, and controls.</summary>
[TestClass]
public sealed class ComparisonTests
{
    private static readonly SimilarityColumn[] Similarities = [new(new TopKIntersection(9)), new("Cosine", new CosineSimilarity()), new(new MeanSquaredError())];
    private static readonly AttributionRobustnessOptions Options = new() { Attack = new TopKAttack { K = 9, Steps = 3 }, Similarities = Similarities };

    [TestMethod]
    public void IntervalsAreThoseOfTheRows()
    {
        using var scored = new Scored(24);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        IDataView attacked = scored.Context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = Options.Attack, Similarities = Similarities }).Fit(scored.View).Transform(scored.View);
        List<Rows.Row> rows = Rows.Read(attacked);
        AttributionRobustnessMetrics metrics = catalog.EvaluateAttributionRobustness(scored.View, Options);
        double[] cosines = [.. rows.Where(row => (bool)row.Values["AttackValid"]).Select(row => (double)(float)row.Values["Cosine"])];
        SimilarityStatistics cosine = metrics.Similarities["Cosine"];
        Assert.AreEqual(Bootstrap.OfMean(cosines), cosine.Interval);
        Assert.IsTrue(cosine.Interval.Low < cosine.Mean && cosine.Mean < cosine.Interval.High);
        double[] ofFirst = [.. rows.Where(row => (bool)row.Values["AttackValid"] && row.Values["Label"].Equals(1u)).Select(row => (double)(float)row.Values["Cosine"])];
        Assert.AreEqual(Bootstrap.OfMean(ofFirst), cosine.PerClass[0].Interval);
        int correct = rows.Count(row => row.Values["Label"].Equals(row.Values["PredictedLabel"]));
        Assert.AreEqual(ConfidenceInterval.OfShare(correct, 24), metrics.AccuracyBeforeInterval);
        string[] table = metrics.ToString().Split('\n');
        StringAssert.Matches(table[0], new(@"mean +std\. error +95 % interval +rows +same class +other class +lift +95 % interval"));
        StringAssert.Contains(table[2], cosine.Interval.ToString());
        using JsonDocument json = JsonDocument.Parse(metrics.ToJson());
        Assert.AreEqual(cosine.Interval.High, json.RootElement.GetProperty("similarities")[1].GetProperty("interval")[1].GetDouble());

        PixelCurveMetrics curves = catalog.EvaluateInsertionDeletion(scored.View, new PixelCurveOptions { Steps = 4 });
        Assert.IsTrue(curves.Insertion.Interval.Low < curves.Insertion.MeanArea && curves.Insertion.MeanArea < curves.Insertion.Interval.High);
        StringAssert.Contains(curves.ToString(), curves.Deletion.Interval.ToString());
        SecurityCurveMetrics security = catalog.EvaluateSecurityCurve(scored.View, new SecurityCurve { Radii = [0.1], ExplanationAttack = Options.Attack, Similarities = [new CosineSimilarity()] });
        StringAssert.Contains(security.ToString(), security.Points[0].AccuracyInterval.ToString());
        StringAssert.Contains(security.ToString(), security.Points[0].Similarities[0].Interval.ToString());
        Assert.IsTrue(security.Points[0].Similarities[0].Interval.Low < security.Points[0].Similarities[0].Mean);
        RandomPerturbationMetrics noise = catalog.EvaluateRandomPerturbation(scored.View, new() { Draws = 2 });
        StringAssert.Contains(noise.ToString(), noise.Similarities.Values.First().Interval.ToString());
        Assert.DoesNotContain("NaN", noise.ToString() + curves + security + metrics);
    }

    [TestMethod]
    public void TwoModelsAreComparedImageByImage()
    {
        using var scored = new Scored(24);
        using var other = new Scored(24, Activation.Relu);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        AttributionRobustnessMetrics first = catalog.EvaluateAttributionRobustness(scored.View, Options);
        IDataView view = other.Model.Transform(scored.Data);
        AttributionRobustnessMetrics second = catalog.EvaluateAttributionRobustness(view, Options);
        AttributionRobustnessComparison comparison = first.Compare(second);

        (double[] a, bool[] validA) = Columns(scored.View);
        (double[] b, bool[] validB) = Columns(view);
        double[] differences = [.. Enumerable.Range(0, 24).Where(i => validA[i] && validB[i]).Select(i => a[i] - b[i])];
        PairedDifference cosine = comparison.Similarities["Cosine"];
        Assert.AreEqual(differences.Average(), cosine.Mean, 1e-9);
        Assert.AreEqual(Bootstrap.OfMean(differences), cosine.Interval);
        Assert.AreEqual((differences.Length, 24L), ((int)cosine.Count, comparison.RowCount));
        Assert.AreEqual(first.AccuracyBefore - second.AccuracyBefore, comparison.AccuracyBefore.Mean, 1e-12);
        Assert.AreEqual(first.AccuracyAfter - second.AccuracyAfter, comparison.AccuracyAfter.Mean, 1e-12);
        StringAssert.Contains(comparison.ToString(), cosine.Interval.ToString());
        using JsonDocument json = JsonDocument.Parse(comparison.ToJson());
        Assert.AreEqual(cosine.Mean, json.RootElement.GetProperty("similarities").GetProperty("Cosine").GetProperty("difference").GetDouble());
        Assert.AreEqual(0, first.Compare(first).Similarities["Cosine"].Mean);

        AttributionRobustnessMetrics shards = catalog.EvaluateAttributionRobustness(scored.Context.Data.SkipRows(view, 8), Options)
            .Merge(catalog.EvaluateAttributionRobustness(scored.Context.Data.TakeRows(view, 8), Options));
        Assert.AreEqual(comparison.ToJson(), first.Compare(shards).ToJson(), "order and grouping do not matter");

        AttributionRobustnessMetrics fewer = catalog.EvaluateAttributionRobustness(scored.Context.Data.SkipRows(view, 4), Options);
        Assert.AreEqual(
            "Compared are metrics over the same images; 4 of the 24 images of these are not among the 20 of the other metrics, the first is that of row 0.",
            Assert.ThrowsExactly<ArgumentException>(() => first.Compare(fewer)).Message);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => fewer.Compare(first)).Message, "images of the others are not among");
        AttributionRobustnessMetrics others = catalog.EvaluateAttributionRobustness(view, Options with { Similarities = [new(new TopKIntersection(8))] });
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentException>(() => first.Compare(others)).Message, "Compared are metrics that were measured alike");

        (double[] Cosines, bool[] Valid) Columns(IDataView view)
        {
            List<Rows.Row> rows = Rows.Read(Attacked(scored.Context, view));
            return ([.. rows.Select(row => (double)(float)row.Values["Cosine"])], [.. rows.Select(row => (bool)row.Values["AttackValid"])]);
        }
    }

    [TestMethod]
    public void ColumnsAreComparedInTheOrderOfTheirRows()
    {
        using var scored = new Scored(12);
        using var other = new Scored(12, Activation.Relu);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        IDataView view = other.Model.Transform(scored.Data);
        AttributionRobustnessMetrics first = catalog.EvaluateAttributionRobustness(Attacked(scored.Context, scored.View));
        AttributionRobustnessMetrics second = catalog.EvaluateAttributionRobustness(Attacked(scored.Context, view));
        Assert.AreEqual(
            catalog.EvaluateAttributionRobustness(scored.View, Options).Compare(catalog.EvaluateAttributionRobustness(view, Options)).ToJson(),
            first.Compare(second).ToJson());
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => first.Compare(catalog.EvaluateAttributionRobustness(view, Options))).Message, "computed from columns");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => first.Merge(second).Compare(first.Merge(second))).Message, "no numbers of their own");
        Assert.IsNull(first.Similarities["Cosine"].OtherImages);
    }

    [TestMethod]
    public void WhatIsBeyondZeroSaysWhoIsBetter()
    {
        var random = new Random(2);
        double[] shared = [.. Enumerable.Range(0, 40).Select(_ => random.NextDouble())];
        AttributionRobustnessMetrics Of(double more) => AttributionRobustnessMetrics.Of(
            shared.Select((value, i) => new RobustnessRow
            {
                Image = i, Attack = 0, Label = 0, PredictedBefore = 0, PredictedAfter = i % 2, Valid = true,
                Similarities = [value + more + (0.01 * random.NextDouble()), random.NextDouble(), value + more],
            }),
            ["a", "b"], Similarities, new MeasuredAttack(false), fromColumns: true);
        string text = Of(0.05).Compare(Of(0)).ToString();
        string[] lines = text.Split('\n');
        StringAssert.EndsWith(lines[1].TrimEnd(), "first is better");
        StringAssert.EndsWith(lines[2].TrimEnd(), "no");
        StringAssert.EndsWith(lines[3].TrimEnd(), "second is better"); // a larger error
        StringAssert.EndsWith(lines[5].TrimEnd(), "no");
        StringAssert.EndsWith(Of(0).Compare(Of(0.05)).ToString().Split('\n')[1].TrimEnd(), "second is better");

        IReadOnlyDictionary<string, SeedSpread> spread = AttributionRobustnessMetrics.Spread([Of(0), Of(0.1), Of(0.2)]);
        Assert.AreEqual(SeedSpread.Of([shared.Average(), shared.Average() + 0.1, shared.Average() + 0.2]).StandardDeviation, spread[Similarities[2].ColumnName].StandardDeviation, 1e-9);
        Assert.AreEqual(3, spread["Cosine"].Count);
        Assert.ThrowsExactly<ArgumentException>(() => AttributionRobustnessMetrics.Spread([]));
    }

    [TestMethod]
    public void ANetworkWithConstantMapsIsFullySimilarAndHasNoLift()
    {
        using var scored = new Scored(24);
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        SimilarityStatistics constant = catalog.EvaluateAttributionRobustness(scored.View, Options with { Method = new ConstantMap(), Attack = new RandomNoise() }).Similarities["Cosine"];
        Assert.AreEqual((1.0, 1.0, 0.0), (constant.Mean, constant.OtherImages!.SameClass.Mean, constant.OtherImages.Lift!.Value));

        AttributionRobustnessMetrics own = catalog.EvaluateAttributionRobustness(
            scored.View, Options with { Method = new RandomMap(), Attack = new RandomNoise { ThreatModel = new LinfBall(0) } });
        OtherImages others = own.Similarities["Cosine"].OtherImages!;
        Assert.AreEqual(1, own.Similarities["Cosine"].Mean, 1e-6);
        Assert.IsLessThan(0.9, others.SameClass.Mean, "random maps of different images differ");
        Assert.AreEqual(24, others.SameClass.Count);
        Assert.AreEqual(1, others.Lift!.Value, 1e-5);
        Assert.IsNull(own.Of<MeanSquaredError>().OtherImages!.Lift);

        AttributionRobustnessMetrics undefined = catalog.EvaluateAttributionRobustness(
            scored.View, Options with { Method = new ConstantMap(), Similarities = [new(new KendallTau())], Attack = new RandomNoise(), Controls = [new ConstantMap()] });
        Assert.DoesNotContain("NaN", undefined + undefined.ToJson());
        Assert.AreEqual(0, undefined.Of<KendallTau>().Count);
    }

    [TestMethod]
    public void ControlsAreMeasuredOnTheSameAttackedImages()
    {
        using var scored = new Scored();
        AttributionRobustnessOptions options = Options with { Controls = [new ConstantMap(), new RandomMap(), new EdgeMap()] };
        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(scored.View, options);
        CollectionAssert.AreEqual(new[] { "constant map", "random map", "edge map" }, metrics.Controls.Select(control => control.Name).ToArray());
        Assert.AreEqual(1, metrics.Controls[0].Similarities["Cosine"].Mean, 1e-6);
        Assert.AreEqual(metrics.ValidCount, metrics.Controls[2].Similarities["Cosine"].Count);
        Assert.IsLessThan(0.9, metrics.Controls[1].Similarities["Cosine"].Mean);
        StringAssert.Contains(metrics.ToString(), "edge map: Cosine similarity");
        using JsonDocument json = JsonDocument.Parse(metrics.ToJson());
        Assert.AreEqual("random map", json.RootElement.GetProperty("controls")[1].GetProperty("name").GetString());
        AttributionRobustnessMetrics none = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(scored.View, Options);
        Assert.IsEmpty(none.Controls);
        Assert.AreEqual(none.Similarities["Cosine"].Mean, metrics.Similarities["Cosine"].Mean);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => metrics.Merge(none)).Message, "Controls: 3 against 0 values");
    }

    private static IDataView Attacked(MLContext context, IDataView view) => context.Transforms
        .AttributionAttack(new AttributionAttackEstimator.Options { Attack = Options.Attack, Similarities = Similarities }).Fit(view).Transform(view);
}
