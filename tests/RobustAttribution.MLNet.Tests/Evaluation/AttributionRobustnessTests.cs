using System.Text.Json;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>EvaluateAttributionRobustness against the rows of the columns it sums up.</summary>
[TestClass]
public sealed class AttributionRobustnessTests
{
    private static readonly SimilarityColumn[] Similarities = [new(new TopKIntersection(9)), new("Cosine", new CosineSimilarity())];

    [TestMethod]
    public void MetricsAreThoseOfTheRows()
    {
        using var scored = new Scored();
        var options = new AttributionAttackEstimator.Options { Attack = Attack, Similarities = Similarities };
        IDataView attacked = scored.Context.Transforms.AttributionAttack(options).Fit(scored.View).Transform(scored.View);
        List<Rows.Row> rows = Rows.Read(attacked);

        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(attacked);

        Rows.Row[] valid = [.. rows.Where(row => (bool)row.Values["AttackValid"])];
        Assert.AreEqual(rows.Count, metrics.RowCount);
        Assert.AreEqual(valid.Length, metrics.ValidCount);
        Assert.AreEqual(rows.Count - valid.Length, metrics.InvalidCount);
        Assert.AreEqual(rows.Average(row => row.Values["Label"].Equals(row.Values["PredictedLabel"]) ? 1 : 0), metrics.AccuracyBefore, 1e-12);
        Assert.AreEqual(rows.Average(row => row.Values["Label"].Equals(row.Values["AttackedPredictedLabel"]) ? 1 : 0), metrics.AccuracyAfter, 1e-12);
        double[] values = [.. valid.Select(row => (double)(float)row.Values["Cosine"])];
        double mean = values.Average();
        SimilarityStatistics cosine = metrics.Similarities["Cosine"];
        Assert.AreEqual(mean, cosine.Mean, 1e-9);
        Assert.AreEqual(Math.Sqrt(values.Sum(value => Math.Pow(value - mean, 2)) / (values.Length - 1) / values.Length), cosine.StandardError, 1e-9);
        Assert.AreSame(cosine, metrics.Of<CosineSimilarity>());
        CollectionAssert.AreEqual(new[] { "row", "column", "square" }, cosine.PerClass.Select(entry => entry.ClassName).ToArray());
        double[] rowsOfFirst = [.. valid.Where(row => row.Values["Label"].Equals(1u)).Select(row => (double)(float)row.Values["Cosine"])];
        Assert.AreEqual(rowsOfFirst.Length, cosine.PerClass[0].Count);
        Assert.AreEqual(rowsOfFirst.Average(), cosine.PerClass[0].Mean, 1e-9);
    }

    [TestMethod]
    public void OneCallGivesTheSameAsTheColumns()
    {
        using var scored = new Scored();
        var options = new AttributionAttackEstimator.Options { Attack = Attack, Similarities = Similarities };
        IDataView attacked = scored.Context.Transforms.AttributionAttack(options).Fit(scored.View).Transform(scored.View);
        AttributionRobustnessMetrics columns = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(attacked);
        List<long> progress = [];
        AttributionRobustnessMetrics call = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            scored.View, new AttributionRobustnessOptions { Attack = Attack, Similarities = Similarities, OtherImages = false, Progress = progress.Add }); // columns have no maps
        Assert.AreEqual(columns.ToJson(), call.ToJson());
        Assert.AreEqual(columns.ToString(), call.ToString());
        CollectionAssert.AreEqual(new[] { 4L, 8, 11 }, progress);
    }

    [TestMethod]
    public void AMeasureOfYourOwnNeedsNoNameInFiles()
    {
        using var scored = new Scored();
        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            scored.View, new AttributionRobustnessOptions { Attack = Attack, Similarities = [new(new Unregistered())] }); // one call writes no columns
        Assert.AreEqual((11L, 0.25, 0.0), (metrics.RowCount, metrics.Of<Unregistered>().Mean, metrics.Of<Unregistered>().StandardError));
    }

    [TestMethod]
    public void OnlyCorrectlyClassifiedRowsCountIfAskedFor()
    {
        using var scored = new Scored(24);
        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            scored.View, new AttributionRobustnessOptions { Attack = new RandomNoise { ThreatModel = new LinfBall(0.001) }, Similarities = Similarities, CorrectlyClassifiedOnly = true });
        int correct = Rows.Read(scored.View).Count(row => row.Values["Label"].Equals(row.Values["PredictedLabel"]));
        Assert.AreEqual(correct, metrics.RowCount);
        Assert.AreEqual(24 - correct, metrics.LeftOutCount);
        Assert.AreEqual(correct / 24.0, metrics.AccuracyBefore, 1e-12);
        Assert.IsGreaterThan(0, metrics.LeftOutCount);
    }

    [TestMethod]
    public void NoRowsGiveUndefinedNumbersAndReadableJson()
    {
        using var scored = new Scored();
        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            scored.Context.Data.SkipRows(scored.View, 100), new AttributionRobustnessOptions { Attack = Attack, Similarities = Similarities });
        Assert.AreEqual(0, metrics.RowCount);
        Assert.IsTrue(double.IsNaN(metrics.AccuracyBefore));
        Assert.IsTrue(double.IsNaN(metrics.Similarities["Cosine"].Mean));
        using JsonDocument json = JsonDocument.Parse(metrics.ToJson());
        Assert.AreEqual(JsonValueKind.Null, json.RootElement.GetProperty("similarities")[0].GetProperty("mean").ValueKind);
        StringAssert.Contains(metrics.GetFormattedTable(), "square");
    }

    [TestMethod]
    public void ClassNamesKeepTheLinesOfTheTable()
    {
        string table = AttributionRobustnessMetrics.Of([], ["a\u0007\nb", "plain"], Similarities, new RobustAttribution.MLNet.Evaluation.MeasuredAttack(false)).GetFormattedTable();
        StringAssert.Contains(table.Split('\n')[0], "a\\u0007\\u000ab  plain");
    }

    [TestMethod]
    public void AnotherAttackColumnOrLabelIsNamed()
    {
        using var scored = new Scored();
        var missing = Assert.Throws<Exception>(() => scored.Context.MulticlassClassification.EvaluateAttributionRobustness(scored.View));
        StringAssert.Contains(missing.Message, "'AttackedPredictedLabel'");
        StringAssert.Contains(missing.Message, "no column 'AttackedPredictedLabel' (AttackedPredictedLabelColumnName) and 'AttackValid' (ValidColumnName). Pass an attack");
        var text = Assert.Throws<Exception>(() => scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            scored.Model.Transform(scored.Raw), Attack));
        StringAssert.Contains(text.Message, "MapValueToKey");
        IDataView backwards = scored.Context.Data.LoadFromEnumerable(TestImage.Make(12).AsEnumerable().Reverse().ToList()); // its first class is the last of the others
        IDataView others = scored.Model.Transform(scored.Context.Transforms.Conversion.MapValueToKey("Label").Fit(backwards).Transform(backwards));
        string message = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => scored.Context.MulticlassClassification.EvaluateAttributionRobustness(others, Attack)).Message;
        StringAssert.Contains(message, "Label column 'Label' has the classes [square, column, row]; the network was trained on [row, column, square]");
    }

    private static TopKAttack Attack => new() { K = 9, Steps = 4 };

    private sealed record Unregistered : IMapSimilarity
    {
        public string Name => "a quarter";

        public bool HigherIsMoreSimilar => true;

        public double Ideal => 1;

        public Tensor Compare(Tensor a, Tensor b) => full([a.shape[0]], 0.25, ScalarType.Float64);
    }
}
