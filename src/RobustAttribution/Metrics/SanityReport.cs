using System.Globalization;
using System.Text;

namespace RobustAttribution.Metrics;

/// <summary>What <see cref="SanityChecks"/> found. Immutable.</summary>
public sealed class SanityReport
{
    private const double Rounding = 1e-12; // of similarities that are exact but for it

    private readonly SanityChecks settings;
    private readonly IReadOnlyList<Sample>[] samples;

    internal SanityReport(
        SanityChecks settings,
        long count,
        IReadOnlyList<Sample> cascading,
        IReadOnlyList<Sample> independent,
        Sample otherClass,
        IReadOnlyList<Sample> ladder)
        : this(settings, count, [cascading, independent, [otherClass], ladder])
    {
    }

    private SanityReport(SanityChecks settings, long count, IReadOnlyList<Sample>[] samples)
    {
        (this.settings, Count, this.samples) = (settings, count, samples);
        CascadingRandomization = SanityCheck.Of(
            "Cascading randomization",
            samples[0],
            values => AtMost(values[^1], settings.LargestRandomizedSimilarity, "with all layers randomized"));
        IndependentRandomization = SanityCheck.Of(
            "Independent randomization",
            samples[1],
            values => AtMost(values.MaxBy(OrWorst)!, settings.LargestIndependentSimilarity, "with the layer of the least effect randomized"));
        ClassSensitivity = SanityCheck.Of(
            "Class sensitivity",
            samples[2],
            values => AtMost(values[0], settings.LargestClassSimilarity, "between the most and the least probable class"));
        AttackLadder = SanityCheck.Of("Attack ladder", samples[3], Falls);
    }

    /// <summary>Images explained.</summary>
    public long Count { get; }

    /// <summary>Similarity after the layers were randomized one after the other from the output on, all of them in the end.</summary>
    public SanityCheck CascadingRandomization { get; }

    /// <summary>Similarity after one layer was randomized, for each layer.</summary>
    public SanityCheck IndependentRandomization { get; }

    /// <summary>Similarity of the maps of the most and the least probable class.</summary>
    public SanityCheck ClassSensitivity { get; }

    /// <summary>Similarity under attack, for each ε.</summary>
    public SanityCheck AttackLadder { get; }

    /// <summary>The four checks.</summary>
    public IReadOnlyList<SanityCheck> Checks => [CascadingRandomization, IndependentRandomization, ClassSensitivity, AttackLadder];

    /// <summary>Whether all of them passed.</summary>
    public bool Passed => Checks.All(check => check.Passed);

    /// <summary>The report over the images of both: the same bits as one measurement of all of them.</summary>
    /// <param name="other">A report of the same checks on the same layers, over other images.</param>
    /// <exception cref="ArgumentException">One of them is another; the message names the property and both values.</exception>
    public SanityReport Merge(SanityReport other)
    {
        Merging.RequireSame(Identity(this), Identity(Require.NotNull(other, nameof(other))));
        return new SanityReport(
            settings,
            Count + other.Count,
            [.. samples.Zip(other.samples, (a, b) => (IReadOnlyList<Sample>)[.. a.Zip(b, (x, y) => x with { Mean = x.Mean.Merge(y.Mean) })])]);

        static object Identity(SanityReport report)
            => new { report.settings, Values = report.samples.SelectMany(check => check.Select(sample => sample.At)).ToArray() };
    }

    /// <summary>A table with the verdict of each check and a line for each of its values.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (SanityCheck check in Checks)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{check.Name}: {check.Verdict}");
            foreach (SanityValue value in check.Values)
            {
                text.AppendLine(
                    CultureInfo.InvariantCulture, $"  {value.At,-32} {value.Similarity,8:F4} ± {value.StandardError:F4}  ({value.Count} images)");
            }
        }

        return text.Append(CultureInfo.InvariantCulture, $"{settings.Similarity.Name}, {Count} images").ToString();
    }

    private static double OrWorst(SanityValue value) => double.IsNaN(value.Similarity) ? double.PositiveInfinity : value.Similarity;

    private static (bool Passed, string Verdict) AtMost(SanityValue value, double largest, string when)
        => (value.Similarity <= largest, string.Create(
            CultureInfo.InvariantCulture,
            $"{(value.Similarity <= largest ? "passes" : "fails")}: {value.Similarity:F3} {when} ({value.At}); allowed is at most {largest}."));

    private (bool Passed, string Verdict) Falls(IReadOnlyList<SanityValue> values)
    {
        if (!(Math.Abs(values[0].Similarity - settings.Similarity.Ideal) <= Rounding))
        {
            return (false, string.Create(
                CultureInfo.InvariantCulture, $"fails: {values[0].Similarity:R} at {values[0].At}; allowed is {settings.Similarity.Ideal}."));
        }

        int rise = Enumerable.Range(1, values.Count - 1)
            .FirstOrDefault(i => !(values[i].Similarity <= values[i - 1].Similarity + settings.LargestRise));
        return rise == 0
            ? (true, string.Create(
                CultureInfo.InvariantCulture, $"passes: never rises, from {values[0].Similarity:F3} to {values[^1].Similarity:F3}."))
            : (false, string.Create(
                CultureInfo.InvariantCulture,
                $"fails: {values[rise].Similarity:F3} at {values[rise].At} after {values[rise - 1].Similarity:F3} at {values[rise - 1].At};"
                + $" allowed is a rise of at most {settings.LargestRise}."));
    }

    /// <summary>The similarities of one value.</summary>
    internal sealed record Sample(string At, SampleMean Mean);
}

/// <summary>One sanity check.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Verdict">The same in words, with the number that decided and the number allowed.</param>
/// <param name="Values">What was measured, in order.</param>
public sealed record SanityCheck(string Name, bool Passed, string Verdict, IReadOnlyList<SanityValue> Values)
{
    internal static SanityCheck Of(
        string name, IReadOnlyList<SanityReport.Sample> samples, Func<IReadOnlyList<SanityValue>, (bool Passed, string Verdict)> judge)
    {
        SanityValue[] values =
            [.. samples.Select(sample => new SanityValue(sample.At, sample.Mean.Mean, sample.Mean.StandardError, sample.Mean.Count))];
        (bool passed, string verdict) = judge(values);
        return new(name, passed, verdict, values);
    }
}

/// <summary>A mean similarity of maps.</summary>
/// <param name="At">Where: the layer randomized, or the attacker's ε.</param>
/// <param name="Similarity">Mean over the images for which the measure is defined; NaN without any.</param>
/// <param name="StandardError">Standard deviation over √n; NaN for fewer than two images.</param>
/// <param name="Count">Images counted: those for which the measure is defined, and an attack found a valid copy.</param>
public sealed record SanityValue(string At, double Similarity, double StandardError, long Count);
