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
        var measured = new MeasuredCurves(
            options.Steps, new SaliencyMap(options.Method, options.Reduction), options.Attack, options.LabelColumnName is not null);
        var measurement = new RobustnessMeasurement { Map = measured.Map, AttackTrueClass = measured.FollowsLabel };
        MapSize.Check(nameof(options.Attack), options.Attack, view.Network.Input);
        return view.Measure(Batch).Aggregate(PixelCurveMetrics.Empty(measured), (total, batch) => total.Merge(batch));

        PixelCurveMetrics Batch(ImageNetwork network, Tensor images, Tensor? labels, Generator generator, IReadOnlyList<long> places)
        {
            using ExplainedImages clean = measurement.Explain(network, images, labels, places);
            using AttackedImages? attacked = options.Attack is { } attack ? clean.Under(attack, generator) : null;
            bool[] known = labels is null
                ? [.. Enumerable.Repeat(true, (int)images.shape[0])]
                : Array.ConvertAll(labels.cpu().data<long>().ToArray(), label => label >= 0);
            return PixelCurveMetrics.Of(measured, network, clean, attacked, known);
        }
    }
}
