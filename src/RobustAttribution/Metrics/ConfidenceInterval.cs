using System.Globalization;

namespace RobustAttribution.Metrics;

/// <summary>A 95 % interval: of many samples drawn alike, about 95 % have an interval that holds the true value.</summary>
/// <param name="Low">Its lower end; NaN where the interval is undefined, as for fewer than two images.</param>
/// <param name="High">Its upper end; NaN where the interval is undefined.</param>
public readonly record struct ConfidenceInterval(double Low, double High)
{
    /// <summary>Whether it lies wholly above or wholly below 0; false where it is undefined.</summary>
    public bool ExcludesZero => Low > 0 || High < 0;

    internal static ConfidenceInterval Undefined => new(double.NaN, double.NaN);

    /// <summary>The interval of a share (Wilson 1927), which has a length also where the share is 0 or 1.</summary>
    /// <param name="count">Images that have a property, from 0 to <paramref name="total"/>.</param>
    /// <param name="total">All images; without any the interval is undefined.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative or more than <paramref name="total"/>.</exception>
    public static ConfidenceInterval OfShare(long count, long total)
    {
        if (count < 0 || count > total)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"count is {count}; allowed is a whole number from 0 to total, {total}.");
        }

        if (total == 0)
        {
            return Undefined;
        }

        double z = NormalDistribution.Quantile((1 + Bootstrap.Confidence) / 2);
        double share = (double)count / total, weight = z * z / total;
        double middle = (share + (weight / 2)) / (1 + weight);
        double half = z / (1 + weight) * Math.Sqrt((share * (1 - share) / total) + (weight / (4 * total)));
        return new(count == 0 ? 0 : middle - half, count == total ? 1 : middle + half);
    }

    /// <summary>"[0.1700, 0.2500]"; "–" where the interval is undefined.</summary>
    public override string ToString()
        => double.IsNaN(Low) ? "–" : string.Create(CultureInfo.InvariantCulture, $"[{Low:F4}, {High:F4}]");
}
