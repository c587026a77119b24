using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="RandomPerturbationMetrics"/>.</summary>
internal static class RandomPerturbationEvaluator
{
    public static RandomPerturbationMetrics Measure(IHostEnvironment env, IDataView scored, RandomPerturbationEstimator.Options options)
    {
        var view = new ScoredRows(env, scored, "EvaluateRandomPerturbation", options.ScoreColumnName, options.ImageColumnName)
        {
            BatchSize = options.BatchSize,
            Seed = options.Seed,
        };
        RobustnessMeasurement measurement = RobustnessMeasurement.RandomPerturbation(options.ThreatModel, options.Draws) with
        {
            Map = new SaliencyMap(options.Method, options.Reduction),
            Similarities = [.. options.Similarities.Select(column => column.Similarity)],
        };
        MapSize.Check(nameof(options.Similarities), measurement.Similarities, view.Network.Input);
        return RandomPerturbationMetrics.Of(
            view.Measure((network, images, _, generator, places) => measurement.MeasureBatch(network, images, null, generator, places)),
            view.ClassNames,
            options);
    }
}
