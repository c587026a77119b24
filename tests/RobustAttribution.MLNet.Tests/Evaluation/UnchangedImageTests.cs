using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>An image that comes back as it was, and one that was not attacked, are counted and never shown as a defence that held.</summary>
[TestClass]
public sealed class UnchangedImageTests
{
    // Without a step and without budget each image is its best iterate.
    private static readonly TopKAttack Nothing = new() { K = 9, ThreatModel = new LinfBall(0), Steps = 3 };
    private static readonly SimilarityColumn[] Similarities = [new(new TopKIntersection(9))];

    [TestMethod]
    public void TheyAreCountedInMetricsTextJsonAndColumns()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        var options = new AttributionRobustnessOptions { Attack = Nothing, Similarities = Similarities, OtherImages = false }; // columns have no maps
        AttributionRobustnessMetrics none = catalog.EvaluateAttributionRobustness(scored.View, options);
        Assert.AreEqual((11L, 11L, 11L), (none.RowCount, none.ValidCount, none.UnchangedCount));
        StringAssert.Contains(none.ToString(), "the attack improved nothing: 11 of 11");
        StringAssert.Contains(none.ToJson().Replace(" ", string.Empty), "\"unchanged\":11");
        AttributionRobustnessMetrics some = catalog.EvaluateAttributionRobustness(
            scored.View, options with { Attack = new TopKAttack { K = 9, Steps = 20, RandomStart = true, KeepPrediction = false } });
        Assert.AreEqual(0L, some.UnchangedCount);
        Assert.AreEqual(22L, none.Merge(none).UnchangedCount);

        var columns = new AttributionAttackEstimator.Options { Attack = Nothing, Similarities = Similarities };
        IDataView attacked = scored.Context.Transforms.AttributionAttack(columns).Fit(scored.View).Transform(scored.View);
        Assert.IsTrue(Rows.Read(attacked).TrueForAll(row => (bool)row.Values["AttackUnchanged"]));
        AttributionRobustnessMetrics read = catalog.EvaluateAttributionRobustness(attacked);
        Assert.AreEqual(none.ToJson(), read.ToJson());
        IDataView without = scored.Context.Transforms.DropColumns("AttackUnchanged").Fit(attacked).Transform(attacked);
        AttributionRobustnessMetrics unknown = catalog.EvaluateAttributionRobustness(without);
        Assert.IsNull(unknown.UnchangedCount);
        StringAssert.Contains(unknown.ToString(), "the attack improved nothing: unknown of 11");
        Assert.IsNull(read.Merge(unknown).UnchangedCount);
    }

    [TestMethod]
    [DataRow("1.2", false)]
    [DataRow("1.4", true)]
    public void ModelFilesFromBeforeTheColumnDoNotGetIt(string format, bool has)
    {
        var context = new MLContext();
        ITransformer model = context.Model.Load(CommittedModel.PathOf(format), out DataViewSchema schema);
        Assert.AreEqual(has, model.GetOutputSchema(schema).GetColumnOrNull("AttackUnchanged") is not null);
    }

    [TestMethod]
    public void TheReportCountsThemAndShowsThemInNoGallery()
    {
        using var scored = new Scored();
        var options = new RobustnessReportOptions
        {
            Attacks = [Nothing], Similarities = [new TopKIntersection(9)], Radii = [], PixelCurveSteps = 5, ExamplesAtEachEnd = 2,
        };
        RobustnessReport report = scored.Context.MulticlassClassification.RobustnessReport(scored.Chain, scored.Raw, options);
        Assert.IsEmpty(report.Models.Single().Examples);
        string page = report.ToHtml();
        StringAssert.Contains(page, "improved nothing on 11 of these");
        Assert.IsFalse(page.Contains("where the map held", StringComparison.Ordinal));
    }

    [TestMethod]
    public void AnAttackWithoutGradientIsNoValidOne()
    {
        using var scored = new Scored(activation: Activation.Relu);
        AttributionRobustnessMetrics metrics = scored.Context.MulticlassClassification.EvaluateAttributionRobustness(
            scored.View, new AttributionRobustnessOptions { Attack = new TopKAttack { K = 9, Steps = 3, Surrogate = null }, Similarities = Similarities });
        Assert.AreEqual((11L, 0L), (metrics.RowCount, metrics.ValidCount));
        Assert.IsTrue(double.IsNaN(metrics.Of<TopKIntersection>().Mean));
        StringAssert.Contains(metrics.ToString(), "11 without (no copy keeps the prediction, or no gradient)");
    }
}
