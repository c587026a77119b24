using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/read-the-metrics.md.</summary>
internal static class MetricsSnippets
{
    public static void Evaluate(MLContext mlContext, IDataView scored)
    {
        #region Evaluate
        MulticlassClassificationCatalog catalog = mlContext.MulticlassClassification;
        MulticlassClassificationMetrics accuracy = catalog.Evaluate(scored);
        AttributionRobustnessMetrics robustness = catalog.EvaluateAttributionRobustness(scored, new TopKAttack());
        RandomPerturbationMetrics noise = catalog.EvaluateRandomPerturbation(scored);
        PixelCurveMetrics pixels = catalog.EvaluateInsertionDeletion(scored, new() { Attack = new TargetMapAttack() });
        SecurityCurveMetrics security = catalog.EvaluateSecurityCurve(scored, new SecurityCurve { Radii = [0, 4 / 255.0, 8 / 255.0] });
        #endregion
        Console.WriteLine($"{accuracy.MicroAccuracy} {robustness} {noise} {pixels} {security}");
    }

    public static AttributionRobustnessMetrics Shards(MLContext mlContext, IDataView scored, TopKAttack attack)
    {
        MulticlassClassificationCatalog catalog = mlContext.MulticlassClassification;
        #region Shards
        AttributionRobustnessMetrics first = catalog.EvaluateAttributionRobustness(mlContext.Data.TakeRows(scored, 640), attack); // 10 batches of 64, here or on another machine
        AttributionRobustnessMetrics rest = catalog.EvaluateAttributionRobustness(mlContext.Data.SkipRows(scored, 640), attack);
        AttributionRobustnessMetrics whole = first.Merge(rest);
        #endregion
        return whole;
    }

    public static RobustnessReport Report(MLContext mlContext, ITransformer plain, ITransformer robust, IDataView testImages, string path)
    {
        #region Report
        RobustnessReport report = mlContext.MulticlassClassification.RobustnessReport([("plain", plain), ("robust", robust)], testImages, new() { MaximumImages = 100 });
        report.Save(path); // one HTML file, without scripts
        #endregion
        return report;
    }

    public static AttributionRobustnessComparison Compare(MLContext mlContext, ITransformer plain, ITransformer robust, IDataView testImages, TopKAttack attack)
    {
        MulticlassClassificationCatalog catalog = mlContext.MulticlassClassification;
        #region Compare
        AttributionRobustnessMetrics first = catalog.EvaluateAttributionRobustness(plain.Transform(testImages), attack);
        AttributionRobustnessMetrics second = catalog.EvaluateAttributionRobustness(robust.Transform(testImages), attack);
        AttributionRobustnessComparison comparison = second.Compare(first);
        Console.WriteLine(comparison); // each measure's difference, its interval, and whether it is beyond 0
        #endregion
        return comparison;
    }

    public static AttributionRobustnessMetrics Controls(MLContext mlContext, IDataView scored, TopKAttack attack)
    {
        MulticlassClassificationCatalog catalog = mlContext.MulticlassClassification;
        #region Controls
        AttributionRobustnessMetrics controlled = catalog.EvaluateAttributionRobustness(
            scored, new AttributionRobustnessOptions { Attack = attack, Controls = [new ConstantMap(), new EdgeMap(), new RandomMap()] });
        OtherImages others = controlled.Of<TopKIntersection>().OtherImages!;
        Console.WriteLine($"{others.SameClass.Mean:F2} for different images; lift {others.Lift!.Value:F2} {others.Lift.Interval}");
        #endregion
        return controlled;
    }

    public static AttributionRobustnessMetrics Protocol(MLContext mlContext, IDataView scored)
    {
        #region Protocol
        var protocol = new AttributionRobustnessOptions // Singh et al. 2020
        {
            Method = new IntegratedGradients { Steps = 100 },
            Attack = new TopKAttack { Attribution = new IntegratedGradients { Steps = 100 }, Judge = new KendallTau(), ThreatModel = new LinfBall(8 / 255.0) },
            Similarities = [new(new TopKIntersection(100)), new(new KendallTau())],
            CorrectlyClassifiedOnly = true,
        };
        AttributionRobustnessMetrics metrics = mlContext.MulticlassClassification.EvaluateAttributionRobustness(scored, protocol);
        #endregion
        return metrics;
    }
}
