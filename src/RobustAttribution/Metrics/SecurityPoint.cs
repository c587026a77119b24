using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>What an attacker with one budget achieves. Immutable.</summary>
public sealed record SecurityPoint
{
    private readonly long correct;

    private SecurityPoint(double radius, long count, long correct, long valid, IReadOnlyList<MeanSimilarity> similarities)
        => (Radius, Count, this.correct, Valid, Similarities) = (radius, count, correct, valid, similarities);

    /// <summary>ε in pixel units.</summary>
    public double Radius { get; }

    /// <summary>
    /// Share of images that are classified correctly both as they are and after the attack on the prediction, from 0 to 1; NaN without images.
    /// </summary>
    public double Accuracy => (double)correct / Count;

    /// <summary>Images attacked.</summary>
    public long Count { get; }

    /// <summary>
    /// Images for which the attack on the explanation found one that keeps the prediction; the others count in no similarity.
    /// </summary>
    public long Valid { get; }

    /// <summary>How similar the maps before and after the attack on the explanation are, by each measure.</summary>
    public IReadOnlyList<MeanSimilarity> Similarities { get; }

    /// <summary>The point over the images of both: the same bits as one measurement of all of them.</summary>
    /// <param name="other">A point with the same ε and measures, over other images.</param>
    /// <exception cref="ArgumentException">The other point has another ε or other measures.</exception>
    public SecurityPoint Merge(SecurityPoint other)
    {
        Require.NotNull(other, nameof(other));
        return Radius == other.Radius
            ? new(Radius, Count + other.Count, correct + other.correct, Valid + other.Valid, MeanSimilarity.Merge(Similarities, other.Similarities))
            : throw new ArgumentException($"The points have Radius {Radius} and {other.Radius}; merged are points with one ε.", nameof(other));
    }

    /// <summary>A point before the first image.</summary>
    internal static SecurityPoint Empty(double radius, IReadOnlyList<IMapSimilarity> similarities)
        => Of(radius, [], [], similarities);

    /// <summary>The point of some images.</summary>
    /// <param name="radius">ε in pixel units.</param>
    /// <param name="predictions">The images under the attack on the prediction.</param>
    /// <param name="explanations">The same images under the attack on the explanation.</param>
    /// <param name="similarities">The measures of <paramref name="explanations"/>.</param>
    internal static SecurityPoint Of(
        double radius,
        IReadOnlyCollection<RobustnessRow> predictions,
        IReadOnlyCollection<RobustnessRow> explanations,
        IReadOnlyList<IMapSimilarity> similarities)
        => new(
            radius,
            predictions.Count,
            predictions.Count(row => row.StaysCorrect),
            explanations.Count(row => row.Valid),
            MeanSimilarity.Of(similarities, explanations));
}

/// <summary>The mean of a measure over images. Immutable.</summary>
public sealed record MeanSimilarity
{
    private readonly SampleMean sample;

    internal MeanSimilarity(IMapSimilarity similarity, SampleMean sample) => (Similarity, this.sample) = (similarity, sample);

    /// <summary>The measure, with its direction and ideal value.</summary>
    public IMapSimilarity Similarity { get; }

    /// <summary>Mean over the images counted; NaN without any.</summary>
    public double Mean => sample.Mean;

    /// <summary>Standard deviation over √n; NaN for fewer than two images.</summary>
    public double StandardError => sample.StandardError;

    /// <summary>Images counted: valid ones for which the measure is defined.</summary>
    public long Count => sample.Count;

    /// <summary>The mean of each measure over the valid rows for which it is defined.</summary>
    internal static IReadOnlyList<MeanSimilarity> Of(IReadOnlyList<IMapSimilarity> similarities, IReadOnlyCollection<RobustnessRow> rows)
        => [.. similarities.Select((similarity, i) => new MeanSimilarity(similarity, SampleMean.Of(Values(rows, i))))];

    /// <summary>A measure's values of the valid rows for which it is defined.</summary>
    internal static IEnumerable<double> Values(IEnumerable<RobustnessRow> rows, int measure)
        => rows.Where(row => row.Valid).Select(row => row.Similarities[measure]).Where(value => !double.IsNaN(value));

    internal static IReadOnlyList<MeanSimilarity> Merge(IReadOnlyList<MeanSimilarity> first, IReadOnlyList<MeanSimilarity> second)
        => first.Select(mean => mean.Similarity).SequenceEqual(second.Select(mean => mean.Similarity))
            ? [.. first.Zip(second, (a, b) => new MeanSimilarity(a.Similarity, a.sample.Merge(b.sample)))]
            : throw new ArgumentException($"The measures are {Names(first)} and {Names(second)}; merged are figures of the same measures.");

    private static string Names(IReadOnlyList<MeanSimilarity> means) => $"[{string.Join(", ", means.Select(mean => mean.Similarity))}]";
}
