using RobustAttribution.Training;

namespace RobustAttribution.Metrics;

/// <summary>
/// Intervals from resamples of the images, drawn with replacement: bias-corrected and accelerated (Efron 1987; Efron and Tibshirani 1993, chapter
/// 14).
/// </summary>
/// <remarks>
/// Resampled are the sorted values with a fixed seed: the order of the images and how shards were merged changes no bit.
/// </remarks>
public static class Bootstrap
{
    /// <summary>The confidence of every interval, 0.95.</summary>
    public const double Confidence = 0.95;

    private const int Resamples = 2000;
    private const double Rounding = 1e-6; // of a resample's mean, relative to the largest value: columns hold floats

    /// <summary>The interval of the mean of a sample.</summary>
    /// <param name="values">One value for each image, in any order.</param>
    /// <param name="resamples">Resamples drawn, at least 100; 2,000 by default.</param>
    /// <param name="seed">Start of the draws; another one moves the ends by about a hundredth of the interval's length. 0 by default.</param>
    /// <returns>Undefined for fewer than two values, or where one is not finite.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="resamples"/> is less than 100.</exception>
    public static ConfidenceInterval OfMean(IEnumerable<double> values, int resamples = Resamples, int seed = 0)
    {
        Require.InRange(resamples, 100, name: nameof(resamples));
        double[] sorted = [.. Require.NotNull(values, nameof(values)).Select(WithoutSign).Order()];
        return sorted.Length < 2 || !sorted.All(double.IsFinite)
            ? ConfidenceInterval.Undefined
            : Of(Means(sorted, resamples, seed), SampleMean.Of(sorted).Mean, sorted); // a mean without xᵢ is as far from the mean as −xᵢ
    }

    /// <summary>The interval of a function of two means, over images that have two values each.</summary>
    /// <param name="pairs">The values of each image, in any order.</param>
    /// <param name="statistic">The function.</param>
    /// <returns>Undefined for fewer than two images, or where a value or the function is not finite.</returns>
    internal static ConfidenceInterval OfMeans(IEnumerable<(double First, double Second)> pairs, Func<double, double, double> statistic)
    {
        (double First, double Second)[] sorted = [.. pairs.Select(pair => (WithoutSign(pair.First), WithoutSign(pair.Second))).Order()];
        if (sorted.Length < 2)
        {
            return ConfidenceInterval.Undefined;
        }

        int n = sorted.Length;
        double[] first = Array.ConvertAll(sorted, pair => pair.First), second = Array.ConvertAll(sorted, pair => pair.Second);
        double meanOfFirst = SampleMean.Of(first).Mean, meanOfSecond = SampleMean.Of(second).Mean;
        double[] resampled = [.. Means(first, Resamples, 0).Zip(Means(second, Resamples, 0), statistic)]; // one seed: the same images
        double[] leaveOneOut = Array.ConvertAll(sorted, pair => statistic(
            meanOfFirst + ((meanOfFirst - pair.First) / (n - 1)), meanOfSecond + ((meanOfSecond - pair.Second) / (n - 1))));
        double estimate = statistic(meanOfFirst, meanOfSecond);
        return double.IsFinite(estimate) && resampled.All(double.IsFinite) && leaveOneOut.All(double.IsFinite)
            ? Of(resampled, estimate, Array.ConvertAll(leaveOneOut, value => -value))
            : ConfidenceInterval.Undefined;
    }

    /// <summary>The means of resamples.</summary>
    private static double[] Means(double[] values, int resamples, int seed)
    {
        var random = new SplitMix64(SplitMix64.Derive(seed, 0));
        double[] means = new double[resamples];
        ulong n = (ulong)values.Length;
        for (int resample = 0; resample < means.Length; resample++)
        {
            double first = 0, second = 0; // two chains of additions at once
            for (int i = 0; i < values.Length; i += 2)
            {
                ulong bits = random.Next();
                first += values[((bits >> 32) * n) >> 32]; // of 2^32 numbers each value gets as many as another, or one more
                if (i + 1 < values.Length)
                {
                    second += values[((bits & uint.MaxValue) * n) >> 32];
                }
            }

            means[resample] = (first + second) / values.Length;
        }

        return means;
    }

    /// <param name="resampled">The statistic of each resample.</param>
    /// <param name="estimate">The statistic of the sample.</param>
    /// <param name="influences">How far each image moves the statistic, up to scale and offset.</param>
    private static ConfidenceInterval Of(double[] resampled, double estimate, double[] influences)
    {
        Array.Sort(resampled);
        double same = Rounding * Math.Max(Math.Abs(resampled[0]), Math.Abs(resampled[^1]));
        if (resampled[^1] - resampled[0] <= same)
        {
            return new(estimate, estimate);
        }

        // Of resamples that equal the estimate, half count as below it.
        double below = resampled.Sum(value => value < estimate - same ? 1 : value <= estimate + same ? 0.5 : 0) / resampled.Length;
        double edge = 0.5 / resampled.Length;
        double bias = NormalDistribution.Quantile(Math.Clamp(below, edge, 1 - edge));
        double acceleration = Acceleration(influences);
        double z = NormalDistribution.Quantile((1 + Confidence) / 2);
        return new(End(-z), End(z));

        double End(double z) => Percentile(
            resampled, NormalDistribution.Cumulative(bias + ((bias + z) / (1 - (acceleration * (bias + z))))));
    }

    /// <summary>Σd³/(6·(Σd²)^1.5), d the influences less their mean.</summary>
    private static double Acceleration(double[] influences)
    {
        double mean = influences.Average(), squares = 0, cubes = 0;
        foreach (double influence in influences)
        {
            double distance = influence - mean;
            squares += distance * distance;
            cubes += distance * distance * distance;
        }

        return squares > 0 ? cubes / (6 * Math.Pow(squares, 1.5)) : 0;
    }

    private static double Percentile(double[] sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = Math.Min((int)place, sorted.Length - 2);
        return sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below]));
    }

    private static double WithoutSign(double value) => value + 0.0; // −0 becomes 0
}
