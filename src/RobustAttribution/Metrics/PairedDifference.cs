using System.Globalization;

namespace RobustAttribution.Metrics;

/// <summary>How much larger a metric is for one model than for another on the same images: the mean of the images' differences.</summary>
/// <param name="Mean">Mean difference, first − second; NaN without images.</param>
/// <param name="Interval">Its 95 % bootstrap interval over the images.</param>
/// <param name="Count">Images that have a value for both.</param>
public sealed record PairedDifference(double Mean, ConfidenceInterval Interval, long Count)
{
    /// <summary>Whether the interval excludes 0: chance in the choice of images does not explain the difference.</summary>
    public bool IsBeyondZero => Interval.ExcludesZero;

    /// <summary>The difference of two samples, image by image.</summary>
    /// <param name="first">One value for each image; NaN where there is none, which leaves the image out.</param>
    /// <param name="second">The values of the same images, in the same order.</param>
    /// <exception cref="ArgumentException">They have different numbers of images.</exception>
    public static PairedDifference Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (Require.NotNull(first, nameof(first)).Count != Require.NotNull(second, nameof(second)).Count)
        {
            throw new ArgumentException(
                $"first has {first.Count} values and second has {second.Count}; paired are values of the same images.", nameof(second));
        }

        SampleValues differences = SampleValues.Of(first.Zip(second, (a, b) => a - b).Where(difference => !double.IsNaN(difference)));
        return new(differences.Mean, differences.Interval, differences.Count);
    }

    /// <summary>"+0.2100 [0.1700, 0.2500]".</summary>
    public override string ToString()
        => double.IsNaN(Mean) ? "–" : string.Create(CultureInfo.InvariantCulture, $"{Mean:+0.0000;−0.0000;0.0000} {Interval}");
}
