using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Reporting;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Evaluation;

/// <summary>The worst case of many attacks on a scored view and in the report.</summary>
[TestClass]
public sealed class WorstCaseTests
{
    private static readonly WorstCaseEvaluation Brief = new()
    {
        Attack = new WorstCaseAttack { Judge = new TopKIntersection(9), Steps = 3, Restarts = 2, Queries = 5, NoiseDraws = 2 },
    };

    [TestMethod]
    public void EveryRowIsMeasuredAndNeverWorseThanOneAttackAlone()
    {
        using var scored = new Scored();
        MulticlassClassificationCatalog catalog = scored.Context.MulticlassClassification;
        WorstCaseMetrics worst = catalog.EvaluateWorstCaseRobustness(scored.View, new WorstCaseOptions { Evaluation = Brief });
        AttributionRobustnessMetrics noise = catalog.EvaluateAttributionRobustness(
            scored.View, new AttributionRobustnessOptions { Attack = new RandomNoise(), Similarities = [new(new TopKIntersection(9))] });
        Assert.HasCount((int)noise.RowCount, worst.Rows);
        Assert.AreEqual(worst.ValidCount, worst.Measures[0].Values.Count(value => !double.IsNaN(value)));
        Assert.IsLessThan(noise.Of<TopKIntersection>().Mean, worst.Measures[0].Mean);
        Assert.IsTrue(worst.Measures[0].ByAttack.All(alone => alone.Mean >= worst.Measures[0].Mean));
        Assert.IsTrue(worst.Rows.All(row => row.Label >= 0 && row.PredictedAfter == row.PredictedBefore));
    }

    [TestMethod]
    public void TheReportShowsTheSameKindOfNumbersAndWhatSpeaksAgainstThem()
    {
        using var scored = new Scored();
        RobustnessReport report = scored.Context.MulticlassClassification.RobustnessReport(
            scored.Chain, scored.Raw, new() { Attacks = [new TopKAttack { K = 9, Steps = 1 }], Similarities = [new TopKIntersection(9)], Radii = [], PixelCurveSteps = 2, WorstCase = Brief });
        ReportedModel model = report.Models.Single();
        ReportedNumber[] numbers = [.. model.Numbers.Where(number => number.Group?.StartsWith("Maps in the worst case", StringComparison.Ordinal) == true)];
        CollectionAssert.AreEquivalent(
            new[] { "Top-9 intersection", "Lift of Top-9 intersection", "Kendall τ", "Lift of Kendall τ" }, numbers.Select(number => number.Name).ToArray());
        ReportedNumber top = numbers.Single(number => number.Name == "Top-9 intersection");
        Assert.AreEqual(top.Values.Where(value => !double.IsNaN(value)).Average(), top.Value, 1e-9);
        StringAssert.StartsWith(
            report.Verdicts.Single(), $"model: in the worst case of many attacks its maps keep a Top-9 intersection of {ReportTexts.Number(top.Value)} {ReportTexts.Text(top.Interval!.Value)}");
        ReportedNumber lift = numbers.Single(number => number.Name == "Lift of Top-9 intersection");
        StringAssert.Contains(report.Verdicts.Single(), $"the lift is {ReportTexts.Number(lift.Value)} {ReportTexts.Text(lift.Interval!.Value)}.");
        Assert.HasCount(2, model.Curves.Single(curve => curve.Title.StartsWith("Top-9", StringComparison.Ordinal)).Points);
        Assert.IsNotEmpty(model.Findings); // 2 restarts of 3 steps are not enough
    }

    [TestMethod]
    public void AMeasureThatDoesNotFitTheMapsIsNamedBeforeTheFirstImage()
    {
        using var scored = new Scored();
        WorstCaseOptions options = new() { Evaluation = Brief with { Attack = Brief.Attack with { Judge = new TopKIntersection(100_000) } } };
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => scored.Context.MulticlassClassification.EvaluateWorstCaseRobustness(scored.View, options));
        StringAssert.Contains(error.Message, "100000");
        ArgumentException empty = Assert.ThrowsExactly<ArgumentException>(
            () => scored.Context.MulticlassClassification.EvaluateWorstCaseRobustness(
                scored.Context.Data.SkipRows(scored.View, 100_000), new() { Evaluation = Brief }));
        StringAssert.Contains(empty.Message, "no row");
    }

    [TestMethod]
    public void OptionsOfAProtocolAreTheProtocol()
    {
        AttributionRobustnessOptions options = AttributionRobustnessOptions.Of(EvaluationProtocol.Rar);
        Assert.AreEqual(0.1, options.Attack.ThreatModel.Radius);
        Assert.IsTrue(options.CorrectlyClassifiedOnly);
        Assert.AreEqual(EvaluationProtocol.Rar.Map.Method, options.Method);
        CollectionAssert.AreEqual(EvaluationProtocol.Rar.Similarities.ToArray(), options.Similarities.Select(column => column.Similarity).ToArray());
    }
}
