using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="RandomPerturbationMetrics"/>.</summary>
internal static class RandomPerturbationEvaluator
{
    public static RandomPerturbationMetrics Measure(IHostEnvironment env, IDataView scored, RandomPerturbationEstimator.Options options)
    {
        NetworkHandle network = NetworkHandle.Find(scored.Schema, options.ScoreColumnName, "EvaluateRandomPerturbation");
        IDataView view = new RandomPerturbationTransformer(env, options).Transform(scored);
        string[] classNames = [.. network.ClassNames?.Names ?? Enumerable.Range(1, network.ClassCount).Select(number => number.ToString())];
        var tally = new RobustnessTally(classNames, [.. options.Similarities.Select(entry => (entry.ColumnName, entry.Similarity))], correctOnly: false);
        DataViewSchema.Column score = SchemaColumns.Require(view.Schema, options.ScoreColumnName, "the column of class scores");
        DataViewSchema.Column[] columns = [.. options.Similarities.Select(entry => view.Schema[entry.ColumnName])];
        using DataViewRowCursor cursor = view.GetRowCursor([.. columns, score]);
        Func<long> predicted = AttributionRobustnessEvaluator.LargestScore(cursor, score);
        ValueGetter<float>[] getters = Array.ConvertAll(columns, column => cursor.GetGetter<float>(column));
        float[] values = new float[columns.Length];
        while (cursor.MoveNext())
        {
            for (int i = 0; i < values.Length; i++)
            {
                getters[i](ref values[i]);
            }

            tally.Add(-1, predicted(), -1, found: true, values);
        }

        AttributionRobustnessMetrics metrics = tally.ToMetrics();
        return new RandomPerturbationMetrics(metrics.RowCount, metrics.Similarities);
    }
}
