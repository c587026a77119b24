using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="WorstCaseMetrics"/>, batch by batch.</summary>
internal static class WorstCaseEvaluator
{
    public static WorstCaseMetrics Measure(IHostEnvironment env, IDataView scored, WorstCaseOptions options)
    {
        var view = new ScoredRows(
            env, scored, "EvaluateWorstCaseRobustness", options.ScoreColumnName, options.ImageColumnName, options.LabelColumnName)
        {
            BatchSize = options.BatchSize,
            Seed = options.Seed,
            Progress = options.Progress,
            CancellationToken = options.CancellationToken,
        };
        MapSize.Check(nameof(WorstCaseEvaluation.Attack), options.Evaluation.Attack, view.Network.Input);
        MapSize.Check(nameof(WorstCaseEvaluation.AlsoJudged), options.Evaluation.AlsoJudged, view.Network.Input);
        WorstCaseBatch[] batches =
        [
            .. view.Measure(
                (network, images, labels, generator, places) => options.Evaluation.MeasureBatch(network, images, labels, generator, places)),
        ];
        return batches.Length > 0
            ? WorstCaseMetrics.Of(options.Evaluation, batches, wasTraining: false)
            : throw new ArgumentException("The view has no row; there is nothing to measure.", nameof(scored));
    }
}
