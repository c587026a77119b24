using RobustAttribution.Localization;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>What <see cref="LocalizationMetrics"/> are computed from. Immutable.</summary>
/// <param name="Thresholds">The thresholds of the boxes.</param>
/// <param name="MinimumOverlap">Intersection over union from which on a box counts as found.</param>
internal sealed record LocalizationCounts(IReadOnlyList<double> Thresholds, double MinimumOverlap)
{
    private BoxCounts[] boxes = [.. Thresholds.Select(_ => new BoxCounts(0, 0, SampleValues.Empty))];

    /// <summary>Rows with a label and a true box.</summary>
    public long Rows { get; private init; }

    /// <summary>Rows without one of them.</summary>
    public long LeftOut { get; private init; }

    /// <summary>Rows whose predicted label is the true one.</summary>
    public long Correct { get; private init; }

    /// <summary>The counts with one more row; a label of −1 is missing.</summary>
    public LocalizationCounts Add(long label, long predicted, BoundingBox truth, BoundingBox[] found, BoundingBox[] knownClass)
    {
        if (label < 0 || !(truth.Area > 0))
        {
            return this with { LeftOut = LeftOut + 1 };
        }

        bool correct = predicted == label;
        return this with { Rows = Rows + 1, Correct = Correct + (correct ? 1 : 0), boxes = [.. boxes.Select((counts, i) => counts.Merge(Of(i)))] };

        BoxCounts Of(int i)
        {
            double overlap = found[i].IntersectionOverUnion(truth);
            bool known = knownClass[i].IntersectionOverUnion(truth) >= MinimumOverlap;
            return new BoxCounts(correct && overlap >= MinimumOverlap ? 1 : 0, known ? 1 : 0, SampleValues.Of([overlap]));
        }
    }

    /// <summary>The counts of the rows of both.</summary>
    /// <exception cref="ArgumentException">The thresholds or the overlap asked for are others.</exception>
    public LocalizationCounts Merge(LocalizationCounts other)
    {
        Merging.RequireSame(new { Thresholds, MinimumOverlap }, new { other.Thresholds, other.MinimumOverlap });
        return this with
        {
            Rows = Rows + other.Rows,
            LeftOut = LeftOut + other.LeftOut,
            Correct = Correct + other.Correct,
            boxes = [.. boxes.Zip(other.boxes, (a, b) => a.Merge(b))],
        };
    }

    /// <summary>The index of the threshold with the highest top-1 localisation; the lowest threshold of equals.</summary>
    public int BestIndex()
        => Enumerable.Range(0, boxes.Length).OrderByDescending(i => boxes[i].Top1).ThenBy(i => Thresholds[i]).First();

    public IReadOnlyList<LocalizationPoint> ToCurve() => [.. boxes.Zip(Thresholds, (counts, threshold) => counts.ToPoint(threshold, Rows))];

    public IReadOnlyList<LocalizationIntervals> ToIntervals() => [.. boxes.Select(counts => counts.ToIntervals(Rows))];

    /// <summary>Counts of the boxes of one threshold.</summary>
    private readonly record struct BoxCounts(long Top1, long Known, SampleValues Overlap)
    {
        public BoxCounts Merge(BoxCounts other) => new(Top1 + other.Top1, Known + other.Known, Overlap.Merge(other.Overlap));

        public LocalizationPoint ToPoint(double threshold, long rows)
            => new(threshold, (double)Top1 / rows, (double)Known / rows, Overlap.Mean);

        public LocalizationIntervals ToIntervals(long rows)
            => new(ConfidenceInterval.OfShare(Top1, rows), ConfidenceInterval.OfShare(Known, rows), Overlap.Interval);
    }
}
