using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="PixelCurveMetrics"/>.</summary>
internal static class PixelCurveEvaluator
{
    public static PixelCurveMetrics Measure(IHostEnvironment env, IDataView scored, PixelCurveOptions options)
    {
        NetworkHandle network = NetworkHandle.Find(scored.Schema, options.ScoreColumnName, "EvaluateInsertionDeletion");
        List<CurveColumn> measured = All(options);
        var list = new ColumnList<CurveBatch>(
            batch => new(options, batch),
            measured.Select(curve => new Column<CurveBatch>(curve.Name, ColumnKind.Vector(_ => [options.Steps]), it => it.Measure(curve))));
        var mapper = new BatchMapper(
            env, "EvaluateInsertionDeletion", scored.Schema, network, list, options.ImageColumnName, options.LabelColumnName, options.BatchSize);
        DataViewSchema.Column[] columns = [.. mapper.Outputs.Select((_, i) => mapper.OutputSchema[scored.Schema.Count + i])];
        using DataViewRowCursor cursor = new BatchedDataView(mapper, scored).GetRowCursor(columns);
        ValueGetter<VBuffer<float>>[] getters = Array.ConvertAll(columns, column => cursor.GetGetter<VBuffer<float>>(column));
        RunningStatistics[] areas = [.. columns.Select(_ => new RunningStatistics())];
        RunningStatistics[][] points = [.. columns.Select(_ => Enumerable.Range(0, options.Steps).Select(_ => new RunningStatistics()).ToArray())];
        VBuffer<float> curve = default;
        long rows = 0;
        long unlabelled = 0;
        while (cursor.MoveNext())
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            bool labelled = true;
            for (int i = 0; i < columns.Length; i++)
            {
                getters[i](ref curve);
                ReadOnlySpan<float> values = curve.GetValues();
                if (!float.IsNaN(values[0]))
                {
                    Add(values, areas[i], points[i]);
                }
                else if (i == 0)
                {
                    labelled = false;
                }
            }

            rows += labelled ? 1 : 0;
            unlabelled += labelled ? 0 : 1;
        }

        var curves = new OrderedDictionary<string, PixelCurveStatistics>();
        for (int i = 0; i < columns.Length; i++)
        {
            curves.Add(columns[i].Name, new PixelCurveStatistics(
                measured[i].Shares, [.. points[i].Select(point => point.Mean)], areas[i].Mean, areas[i].StandardError, areas[i].Count, measured[i].Curve.HigherIsBetter));
        }

        return new PixelCurveMetrics(rows, unlabelled, curves);
    }

    private static void Add(ReadOnlySpan<float> curve, RunningStatistics area, RunningStatistics[] points)
    {
        double sum = 0;
        for (int i = 0; i < curve.Length; i++)
        {
            points[i].Add(curve[i]);
            sum += curve[i];
        }

        area.Add(sum / curve.Length);
    }

    /// <summary>One curve to measure.</summary>
    private sealed record CurveColumn(string Name, PixelCurve Curve, bool Attacked)
    {
        /// <summary>The share of the pixels at each point; known once a batch was measured.</summary>
        public IReadOnlyList<double> Shares { get; set; } = [];
    }

    private static List<CurveColumn> All(PixelCurveOptions options)
    {
        List<CurveColumn> curves =
        [
            new("Insertion", new InsertionCurve { Steps = options.Steps }, false),
            new("Deletion", new DeletionCurve { Steps = options.Steps }, false),
        ];
        if (options.Attack is not null)
        {
            curves.Add(new("AdversarialInsertion", new InsertionCurve { Steps = options.Steps }, true));
        }

        return curves;
    }

    /// <summary>The curves of one batch.</summary>
    private sealed class CurveBatch(PixelCurveOptions options, BatchInput batch)
    {
        private Tensor Labels => field ??= batch.Classes ?? batch.Predict(batch.Images); // -1 where missing

        private Tensor Classes => field ??= Labels.clamp_min(0);

        private Tensor Map => field ??= MapOf(batch.Images);

        private AttackResult Attacked => field ??= Perturb();

        private Tensor AttackedMap => field ??= MapOf(Attacked.Images);

        public Tensor Measure(CurveColumn column)
        {
            PixelCurveResult curve = column.Curve.Measure(batch.Network, batch.Images, Classes, column.Attacked ? AttackedMap : Map);
            column.Shares = curve.Shares;
            Tensor valid = column.Attacked ? Labels.ge(0).logical_and(Attacked.Valid) : Labels.ge(0);
            return where(valid.cpu().unsqueeze(1), curve.Values, full_like(curve.Values, double.NaN));
        }

        private AttackResult Perturb()
        {
            using Generator generator = batch.NewGenerator(options.Seed);
            return options.Attack!.Perturb(batch.Network, batch.Images, Classes, generator);
        }

        private Tensor MapOf(Tensor images) => options.Reduction.Reduce(options.Method.Attribute(batch.Network, images, Classes));
    }
}
