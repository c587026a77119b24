namespace RobustAttribution.Metrics;

/// <summary>
/// How much more alike an attack leaves the maps of one image than maps of different images of the same predicted class are:
/// (attacked − other)/(1 − other), for similarities whose ideal is 1.
/// </summary>
/// <param name="Value">
/// 1 where the attack changes nothing; 0 where the attacked map is no more like the image's own than another image's map is; below 0 for less.
/// NaN without images.
/// </param>
/// <param name="Interval">Its 95 % bootstrap interval over the images.</param>
/// <param name="Count">Images with both similarities.</param>
/// <remarks>
/// Where maps of different images are equal (other = 1), the quotient is 0/0 and the lift is 0 by definition: such maps say nothing of their image,
/// so that no attack can take anything from them.
/// </remarks>
public sealed record Lift(double Value, ConfidenceInterval Interval, long Count)
{
    private const double Equal = 1 - 1e-9;

    /// <summary>The lift over some images.</summary>
    /// <param name="attacked">The similarity of each image's maps before and after the attack.</param>
    /// <param name="other">The similarity of each image's map to that of another image, in the same order.</param>
    /// <exception cref="ArgumentException">They have different numbers of images.</exception>
    public static Lift Of(IReadOnlyList<double> attacked, IReadOnlyList<double> other)
    {
        if (Require.NotNull(attacked, nameof(attacked)).Count != Require.NotNull(other, nameof(other)).Count)
        {
            throw new ArgumentException(
                $"attacked has {attacked.Count} values and other has {other.Count}; they are similarities of the same images.", nameof(other));
        }

        (double First, double Second)[] pairs =
            [.. attacked.Zip(other).Where(pair => double.IsFinite(pair.First) && double.IsFinite(pair.Second))];
        double value = Quotient(SampleMean.Of(pairs.Select(pair => pair.First)).Mean, SampleMean.Of(pairs.Select(pair => pair.Second)).Mean);
        return new(value, Bootstrap.OfMeans(pairs, Quotient), pairs.Length);
    }

    private static double Quotient(double attacked, double other) => other >= Equal ? 0 : (attacked - other) / (1 - other);
}
