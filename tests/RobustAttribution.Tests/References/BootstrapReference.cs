using RobustAttribution.Metrics;
using RobustAttribution.Training;

namespace RobustAttribution.Tests.References;

/// <summary>The bias-corrected and accelerated interval by its definition (Efron and Tibshirani 1993, equations 14.9 to 14.15), with plain loops.</summary>
internal static class BootstrapReference
{
    private const double Z = 1.959963984540054; // Φ⁻¹(0.975)

    public static ConfidenceInterval OfMean(double[] values, int resamples, int seed)
        => Of(values.Order().Select(value => (value, 0.0)).ToArray(), (mean, _) => mean, resamples, seed);

    public static ConfidenceInterval Of((double, double)[] sorted, Func<double, double, double> statistic, int resamples, int seed)
    {
        int n = sorted.Length;
        double Statistic(IReadOnlyList<(double First, double Second)> images)
            => statistic(images.Sum(image => image.First) / images.Count, images.Sum(image => image.Second) / images.Count);
        var random = new SplitMix64(SplitMix64.Derive(seed, 0));
        var replicates = new double[resamples];
        for (int b = 0; b < resamples; b++)
        {
            var resample = new List<(double, double)>();
            while (resample.Count < n)
            {
                ulong bits = random.Next();
                foreach (ulong half in new[] { bits / (1UL << 32), bits % (1UL << 32) })
                {
                    if (resample.Count < n)
                    {
                        resample.Add(sorted[(int)(half * (ulong)n / (1UL << 32))]);
                    }
                }
            }

            replicates[b] = Statistic(resample);
        }

        double estimate = Statistic(sorted);
        double below = replicates.Count(value => value < estimate - 1e-12) + (0.5 * replicates.Count(value => Math.Abs(value - estimate) <= 1e-12));
        double z0 = Quantile(below / resamples);
        double[] jackknife = [.. Enumerable.Range(0, n).Select(i => Statistic([.. sorted.Where((_, j) => j != i)]))];
        double center = jackknife.Average();
        double a = jackknife.Sum(value => Math.Pow(center - value, 3)) / (6 * Math.Pow(jackknife.Sum(value => Math.Pow(center - value, 2)), 1.5));
        Array.Sort(replicates);
        return new(End(-Z), End(Z));

        double End(double z)
        {
            double place = Cumulative(z0 + ((z0 + z) / (1 - (a * (z0 + z))))) * (resamples - 1);
            int left = Math.Min((int)Math.Floor(place), resamples - 2);
            return replicates[left] + ((place - left) * (replicates[left + 1] - replicates[left]));
        }
    }

    /// <summary>Φ by Simpson's rule.</summary>
    public static double Cumulative(double x)
    {
        const int Steps = 4000;
        double width = x / Steps, sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            double t = i * width;
            sum += (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-t * t / 2);
        }

        return 0.5 + (sum * width / 3 / Math.Sqrt(2 * Math.PI));
    }

    /// <summary>Φ⁻¹ by halving.</summary>
    private static double Quantile(double p)
    {
        double low = -8, high = 8;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Cumulative(middle) < p ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }
}
