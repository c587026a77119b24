using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="SecurityCurveMetrics"/>, batch by batch.</summary>
internal static class SecurityCurveEvaluator
{
    public static SecurityCurveMetrics Measure(IHostEnvironment env, IDataView scored, SecurityCurveOptions options)
    {
        var view = new ScoredRows(
            env, scored, "EvaluateSecurityCurve", options.ScoreColumnName, options.ImageColumnName, options.LabelColumnName)
        {
            BatchSize = options.BatchSize,
            Seed = options.Seed,
            LabelledOnly = true,
            Progress = options.Progress,
            CancellationToken = options.CancellationToken,
        };
        options.Curve.CheckSizes(view.Network.Input);
        var empty = new SecurityCurveMetrics(options.Curve.Empty, 0);
        SecurityCurveMetrics metrics = view
            .Measure((network, images, labels, generator, places) => new SecurityCurveMetrics(
                options.Curve.MeasureBatch(network, images, labels!, generator, places), 0))
            .Aggregate(empty, (total, batch) => total.Merge(batch));
        return new SecurityCurveMetrics(metrics.Points, view.LeftOut);
    }
}
