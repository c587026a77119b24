using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/read-the-metrics.md, measure-the-worst-case.md and measure-on-several-machines.md.</summary>
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

    public static AttributionRobustnessMetrics Jobs(MLContext mlContext, IDataView scored, AttributionRobustnessOptions options, string folder)
    {
        #region Jobs
        // in job 3 of 0…7, on any machine that sees the model and the images
        MeasuredShard part = mlContext.MulticlassClassification.MeasureAttributionRobustness(scored, options, Shard.Parse("3/8"));
        part.Save(folder); // shard-3-of-8.json.gz

        // once all are there; reads the images to compare them, and attacks nothing
        AttributionRobustnessMetrics robustness = mlContext.MulticlassClassification.MergeAttributionRobustness(scored, options, MeasuredShard.LoadAll(folder));
        #endregion
        return robustness;
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
        AttributionRobustnessOptions protocol = AttributionRobustnessOptions.Of(EvaluationProtocol.Art); // also Rar and Aga
        AttributionRobustnessMetrics metrics = mlContext.MulticlassClassification.EvaluateAttributionRobustness(scored, protocol);
        #endregion
        return metrics;
    }

    public static WorstCaseMetrics WorstCase(MLContext mlContext, IDataView scored)
    {
        #region WorstCase
        WorstCaseMetrics worst = mlContext.MulticlassClassification.EvaluateWorstCaseRobustness(scored);
        WorstCaseMeasure topPixels = worst.Measures[0]; // top-100 intersection; Measures[1] is Kendall τ, with a worst case of its own
        Console.WriteLine($"{topPixels.Mean:F3} {topPixels.Interval}, lift {topPixels.Others?.Lift?.Value:F3}");
        foreach (EvaluationFinding finding in worst.Findings)
        {
            Console.WriteLine(finding); // what speaks against these figures
        }
        #endregion
        return worst;
    }

    public static WorstCaseMetrics Euclidean(MLContext mlContext, IDataView scored, CancellationToken cancellation)
    {
        #region Euclidean
        var attack = new WorstCaseAttack { ThreatModel = new L2Ball(0.5), Restarts = 8 };
        WorstCaseMetrics worst = mlContext.MulticlassClassification.EvaluateWorstCaseRobustness(
            scored, new() { Evaluation = new() { Attack = attack }, CancellationToken = cancellation });
        #endregion
        return worst;
    }

    public static AttributionRobustnessMetrics WorstCaseAsAnyAttack(MLContext mlContext, IDataView scored)
    {
        #region AnyAttack
        AttributionRobustnessMetrics robustness = mlContext.MulticlassClassification.EvaluateAttributionRobustness(scored, new WorstCaseAttack());
        #endregion
        return robustness;
    }
}
