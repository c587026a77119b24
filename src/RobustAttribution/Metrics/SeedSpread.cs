using System.Globalization;

namespace RobustAttribution.Metrics;

/// <summary>A metric over several trainings that differ in their seed only.</summary>
/// <param name="Mean">Their mean; NaN without any.</param>
/// <param name="StandardDeviation">Of the sample (n − 1); NaN for fewer than two.</param>
/// <param name="Minimum">The least; NaN without any.</param>
/// <param name="Maximum">The largest; NaN without any.</param>
/// <param name="Count">Trainings for which the metric is defined.</param>
public sealed record SeedSpread(double Mean, double StandardDeviation, double Minimum, double Maximum, int Count)
{
    /// <summary>The spread of a metric's values, one for each seed; a NaN is left out.</summary>
    public static SeedSpread Of(IEnumerable<double> values)
    {
        double[] known = [.. Require.NotNull(values, nameof(values)).Where(value => !double.IsNaN(value))];
        SampleMean sample = SampleMean.Of(known);
        return known.Length == 0
            ? new(double.NaN, double.NaN, double.NaN, double.NaN, 0)
            : new(sample.Mean, sample.StandardError * Math.Sqrt(known.Length), known.Min(), known.Max(), known.Length);
    }

    /// <summary>"0.8433 ± 0.0153 (0.8300 to 0.8600, 3 seeds)".</summary>
    public override string ToString() => Count == 0
        ? "–"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Mean:F4}{(Count > 1 ? FormattableString.Invariant($" ± {StandardDeviation:F4}") : string.Empty)}"
            + $" ({Minimum:F4} to {Maximum:F4}, {Count} {(Count == 1 ? "seed" : "seeds")})");
}
