using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="PixelCurveMetrics"/>, batch by batch.</summary>
internal static class PixelCurveEvaluator
{
    public static PixelCurveMetrics Measure(IHostEnvironment env, IDataView scored, PixelCurveOptions options)
    {
        var view = new ScoredRows(
            env, scored, "EvaluateInsertionDeletion", options.ScoreColumnName, options.ImageColumnName, options.LabelColumnName)
        {
            BatchSize = options.BatchSize,
            Seed = options.Seed,
            CancellationToken = options.CancellationToken,
        };
        var measurement = new RobustnessMeasurement
        {
            Map = new SaliencyMap(options.Method, options.Reduction),
            AttackTrueClass = options.LabelColumnName is not null,
        };
        var empty = PixelCurveMetrics.Empty(options.Steps, options.Attack is not null);
        return view.Measure(Batch).Aggregate(empty, (total, batch) => total.Merge(batch));

        PixelCurveMetrics Batch(ImageNetwork network, Tensor images, Tensor? labels, Generator generator)
        {
            using ExplainedImages clean = measurement.Explain(network, images, labels);
            using AttackedImages? attacked = options.Attack is { } attack ? clean.Under(attack, generator) : null;
            bool[] known = labels is null
                ? [.. Enumerable.Repeat(true, (int)images.shape[0])]
                : Array.ConvertAll(labels.cpu().data<long>().ToArray(), label => label >= 0);
            return PixelCurveMetrics.Of(network, clean, attacked, known, options.Steps);
        }
    }
}
