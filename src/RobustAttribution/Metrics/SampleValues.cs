namespace RobustAttribution.Metrics;

/// <summary>
/// One number for each of some images: their exact mean, and the interval that resamples give. Merged in whatever order, the same bits. Immutable.
/// </summary>
/// <remarks>A merge copies nothing; the numbers are gathered when an interval is first asked for.</remarks>
internal sealed class SampleValues : IEquatable<SampleValues>
{
    private readonly double[] own;
    private readonly (SampleValues First, SampleValues Second)? parts;
    private readonly SampleMean mean;
    private readonly Lazy<ConfidenceInterval> interval;

    private SampleValues(SampleMean mean, double[] own, (SampleValues, SampleValues)? parts)
    {
        (this.mean, this.own, this.parts) = (mean, own, parts);
        interval = new(() => Bootstrap.OfMean(All()));
    }

    public static SampleValues Empty { get; } = new(default, [], null);

    /// <summary>The mean, rounded once; NaN without numbers.</summary>
    public double Mean => mean.Mean;

    /// <summary>Standard deviation over √n; NaN for fewer than two numbers.</summary>
    public double StandardError => mean.StandardError;

    /// <summary>Of the mean.</summary>
    public ConfidenceInterval Interval => interval.Value;

    public long Count => mean.Count;

    public static SampleValues Of(IEnumerable<double> values)
    {
        double[] own = [.. values];
        return own.Length == 0 ? Empty : new(SampleMean.Of(own), own, null);
    }

    public SampleValues Merge(SampleValues other)
        => other.Count == 0 ? this : Count == 0 ? other : new(mean.Merge(other.mean), [], (this, other));

    /// <summary>The numbers: in the order given, those of merged ones in no particular order.</summary>
    public double[] All()
    {
        double[] all = new double[Count];
        int filled = 0;
        var waiting = new Stack<SampleValues>([this]);
        while (waiting.TryPop(out SampleValues? values))
        {
            values.own.CopyTo(all, filled);
            filled += values.own.Length;
            if (values.parts is var (first, second))
            {
                waiting.Push(first);
                waiting.Push(second);
            }
        }

        return all;
    }

    public bool Equals(SampleValues? other) => other is not null && mean == other.mean && All().Order().SequenceEqual(other.All().Order());

    public override bool Equals(object? obj) => Equals(obj as SampleValues);

    public override int GetHashCode() => mean.GetHashCode();
}
