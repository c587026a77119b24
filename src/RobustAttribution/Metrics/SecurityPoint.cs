using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>What an attacker with one budget achieves. Immutable.</summary>
public sealed record SecurityPoint
{
    private readonly SecurityCurve curve;

    private SecurityPoint(
        SecurityCurve curve, double radius, long count, IReadOnlyList<long> correct, long valid, IReadOnlyList<MeanSimilarity> similarities)
        => (this.curve, Radius, Count, CorrectImages, Valid, Similarities) = (curve, radius, count, correct, valid, similarities);

    /// <summary>ε in pixel units.</summary>
    public double Radius { get; }

    /// <summary>
    /// Share of images that are classified correctly both as they are and after the attack on the prediction, from 0 to 1; NaN without images.
    /// </summary>
    public double Accuracy => (double)CorrectImages.Count / Count;

    /// <summary>The 95 % interval of <see cref="Accuracy"/> over the images.</summary>
    public ConfidenceInterval AccuracyInterval => ConfidenceInterval.OfShare(CorrectImages.Count, Count);

    /// <summary>Images attacked.</summary>
    public long Count { get; }

    /// <summary>
    /// Images for which the attack on the explanation found one that keeps the prediction; the others count in no similarity.
    /// </summary>
    public long Valid { get; }

    /// <summary>How similar the maps before and after the attack on the explanation are, by each measure.</summary>
    public IReadOnlyList<MeanSimilarity> Similarities { get; }

    /// <summary>The point over the images of both: the same bits as one measurement of all of them.</summary>
    /// <param name="other">A point with the same ε, attacks, map and measures, over other images.</param>
    /// <exception cref="ArgumentException">One of them is another; the message names it and both values.</exception>
    public SecurityPoint Merge(SecurityPoint other)
    {
        Merging.RequireSame(Settings, Require.NotNull(other, nameof(other)).Settings);
        return new(
            curve,
            Radius,
            Count + other.Count,
            [.. CorrectImages, .. other.CorrectImages],
            Valid + other.Valid,
            [.. Similarities.Zip(other.Similarities, (a, b) => a.Merge(b))]);
    }

    /// <summary>The places in their source of the images that <see cref="Accuracy"/> counts.</summary>
    internal IReadOnlyList<long> CorrectImages { get; }

    private object Settings => new { Radius, curve.PredictionAttack, curve.ExplanationAttack, curve.Map, curve.Similarities };

    /// <summary>The point of some images.</summary>
    /// <param name="curve">What was measured.</param>
    /// <param name="radius">ε in pixel units.</param>
    /// <param name="predictions">The images under the attack on the prediction.</param>
    /// <param name="explanations">The same images under the attack on the explanation.</param>
    internal static SecurityPoint Of(
        SecurityCurve curve, double radius, IReadOnlyCollection<RobustnessRow> predictions, IReadOnlyCollection<RobustnessRow> explanations)
        => new(
            curve,
            radius,
            predictions.Count,
            [.. predictions.Where(row => row.StaysCorrect).Select(row => row.Image)],
            explanations.Count(row => row.Valid),
            MeanSimilarity.Of(curve.Similarities, explanations));
}

/// <summary>The mean of a measure over images. Immutable.</summary>
public sealed record MeanSimilarity
{
    private readonly SampleValues sample;

    internal MeanSimilarity(IMapSimilarity similarity, SampleValues sample) => (Similarity, this.sample) = (similarity, sample);

    /// <summary>The measure, with its direction and ideal value.</summary>
    public IMapSimilarity Similarity { get; }

    /// <summary>Mean over the images counted; NaN without any.</summary>
    public double Mean => sample.Mean;

    /// <summary>Standard deviation over √n; NaN for fewer than two images.</summary>
    public double StandardError => sample.StandardError;

    /// <summary>The 95 % bootstrap interval of the mean over images.</summary>
    public ConfidenceInterval Interval => sample.Interval;

    /// <summary>Images counted: valid ones for which the measure is defined.</summary>
    public long Count => sample.Count;

    /// <summary>The mean of each measure over the valid rows for which it is defined.</summary>
    internal static IReadOnlyList<MeanSimilarity> Of(IReadOnlyList<IMapSimilarity> similarities, IReadOnlyCollection<RobustnessRow> rows)
        => [.. similarities.Select((similarity, i) => new MeanSimilarity(similarity, SampleValues.Of(Values(rows, i))))];

    /// <summary>A measure's values of the valid rows for which it is defined.</summary>
    internal static IEnumerable<double> Values(IEnumerable<RobustnessRow> rows, int measure)
        => rows.Where(row => row.Valid).Select(row => row.Similarities[measure]).Where(value => !double.IsNaN(value));

    internal MeanSimilarity Merge(MeanSimilarity other) => new(Similarity, sample.Merge(other.sample));
}
