using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Computes <see cref="SecurityCurveMetrics"/>.</summary>
internal static class SecurityCurveEvaluator
{
    public static SecurityCurveMetrics Measure(
        IHostEnvironment env, IDataView scored, SecurityCurve curve, string labelColumnName, string scoreColumnName, int seed, Action<long>? progress, CancellationToken cancellationToken)
    {
        NetworkHandle handle = NetworkHandle.Find(scored.Schema, scoreColumnName, "EvaluateSecurityCurve");
        handle.BindLabels(scored.Schema, labelColumnName);
        ImageColumn images = ImageColumn.Bind(scored.Schema, handle.Images.ColumnName, handle.Input, handle.Images.PixelScale, handle.Images.Resize);
        var rows = new TrainingRows(env, scored, images, KeyColumn.Bind(scored.Schema, labelColumnName), handle.Input, BrokenRows.Skip, cancellationToken);
        ITrainingImages source = rows.Load(long.MaxValue); // read before the network is taken, which the images' own columns may need
        SecurityCurveMetrics? metrics = null;
        handle.Use(network =>
        {
            using var generator = new Generator((ulong)seed, network.Device);
            metrics = new SecurityCurveMetrics(curve.Measure(network, source, handle.BatchSize, generator, progress, cancellationToken), rows.Skipped);
        });
        return metrics!;
    }
}
