using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>Measures a <see cref="SanityReport"/> over a view.</summary>
internal static class SaliencySanityEvaluator
{
    public static SanityReport Measure(IHostEnvironment env, IDataView scored, SanityChecks checks, string scoreColumnName, string? imageColumnName)
    {
        var view = new ScoredRows(env, scored, "EvaluateSaliencySanity", scoreColumnName, imageColumnName) { Seed = unchecked((int)checks.Seed) };
        checks.CheckSizes(view.Network.Input);
        SanityReport? report = null;
        foreach (SanityReport batch in view.Measure((network, images, _, generator, _) => checks.MeasureBatch(network, images, generator)))
        {
            report = report?.Merge(batch) ?? batch;
        }

        return report ?? throw new ArgumentException("The view has no row; there is nothing to check.", nameof(scored));
    }
}
