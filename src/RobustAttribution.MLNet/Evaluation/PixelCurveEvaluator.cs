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
        var mapper = new PixelCurveMapper(env, scored.Schema, network, options);
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
                mapper.Curves[i].Shares, [.. points[i].Select(point => point.Mean)], areas[i].Mean, areas[i].StandardError, areas[i].Count, mapper.Curves[i].Curve.HigherIsBetter));
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

    private sealed class PixelCurveMapper : NetworkMapper
    {
        private readonly PixelCurveOptions options;

        public PixelCurveMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, PixelCurveOptions options)
            : this(env, schema, network, options, All(options))
        {
        }

        private PixelCurveMapper(IHostEnvironment env, DataViewSchema schema, NetworkHandle network, PixelCurveOptions options, List<CurveColumn> curves)
            : base(env, schema, network, options.ImageColumnName, options.LabelColumnName, options.BatchSize, curves.ConvertAll(curve => (OutputColumn)new VectorColumn(curve.Name, [options.Steps])))
        {
            this.options = options;
            Curves = curves;
        }

        public List<CurveColumn> Curves { get; }

        public override string Name => "EvaluateInsertionDeletion";

        public override void Compute(in ImageBatchInput input, ImageNetwork network, OutputBuffer?[] outputs)
        {
            Tensor classes = input.Classes ?? Predict(network, input.Images);
            Tensor known = classes.ge(0);
            classes = classes.clamp_min(0);
            Tensor map = MapOf(network, input.Images, classes);
            Tensor? attackedMap = null;
            Tensor counts = known;
            if (options.Attack is { } attack)
            {
                using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, 0, input.ContentSeed()), network.Device);
                AttackResult result = attack.Perturb(network, input.Images, classes, generator);
                attackedMap = MapOf(network, result.Images, classes);
                counts = known.logical_and(result.Valid);
            }

            for (int i = 0; i < Curves.Count; i++)
            {
                PixelCurveResult curve = Curves[i].Curve.Measure(network, input.Images, classes, Curves[i].Attacked ? attackedMap! : map);
                Curves[i].Shares = curve.Shares;
                Tensor valid = (Curves[i].Attacked ? counts : known).cpu().unsqueeze(1);
                outputs[i]?.Fill(where(valid, curve.Values, full_like(curve.Values, double.NaN)));
            }
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

        private static Tensor Predict(ImageNetwork network, Tensor images)
        {
            using IDisposable mode = no_grad();
            return network.Logits(images).argmax(1);
        }

        private Tensor MapOf(ImageNetwork network, Tensor images, Tensor classes) => options.Reduction.Reduce(options.Method.Attribute(network, images, classes));
    }
}
