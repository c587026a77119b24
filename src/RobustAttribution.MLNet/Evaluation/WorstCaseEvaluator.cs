using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="WorstCaseMetrics"/>, batch by batch.</summary>
internal static class WorstCaseEvaluator
{
    public static WorstCaseMetrics Measure(IHostEnvironment env, IDataView scored, WorstCaseOptions options)
        => Of([.. Batches(Bind(env, scored, options, Shard.Whole), options).Select(batch => batch.Result)], options);

    /// <summary>Measures the rows of one shard.</summary>
    public static MeasuredShard MeasureShard(IHostEnvironment env, IDataView scored, WorstCaseOptions options, Shard shard)
    {
        ScoredRows view = Bind(env, scored, options, shard);
        return view.Keep(Batches(view, options), Settings(view, options));
    }

    /// <summary>Computes the metrics from all shards of a scored view, whose rows are read to compare them.</summary>
    public static WorstCaseMetrics Measure(
        IHostEnvironment env, IDataView scored, WorstCaseOptions options, IReadOnlyList<MeasuredShard> shards)
    {
        ScoredRows view = Bind(env, scored, options, Shard.Whole);
        return Of([.. view.Together(shards, Settings(view, options)).Select(batch => batch.Read<WorstCaseBatch>())], options);
    }

    private static ScoredRows Bind(IHostEnvironment env, IDataView scored, WorstCaseOptions options, Shard shard)
    {
        var view = new ScoredRows(
            env, scored, "EvaluateWorstCaseRobustness", options.ScoreColumnName, options.ImageColumnName, options.LabelColumnName)
        {
            BatchSize = options.BatchSize,
            Seed = options.Seed,
            Shard = shard,
            Progress = options.Progress,
            CancellationToken = options.CancellationToken,
        };
        MapSize.Check(nameof(WorstCaseEvaluation.Attack), options.Evaluation.Attack, view.Network.Input);
        MapSize.Check(nameof(WorstCaseEvaluation.AlsoJudged), options.Evaluation.AlsoJudged, view.Network.Input);
        return view;
    }

    private static IEnumerable<(long Batch, WorstCaseBatch Result)> Batches(ScoredRows view, WorstCaseOptions options) => view.MeasureBatches(
        (network, images, labels, generator, places) => options.Evaluation.MeasureBatch(network, images, labels, generator, places));

    private static WorstCaseMetrics Of(WorstCaseBatch[] batches, WorstCaseOptions options) => batches.Length > 0
        ? WorstCaseMetrics.Of(options.Evaluation, batches, wasTraining: false)
        : throw new ArgumentException("The view has no row; there is nothing to measure.", nameof(options));

    private static IReadOnlyList<ShardSetting> Settings(ScoredRows view, WorstCaseOptions options)
        => view.Settings("worst case")
            .WithComponent("attack", options.Evaluation.Attack)
            .WithComponents("measures", options.Evaluation.AlsoJudged)
            .All;
}
