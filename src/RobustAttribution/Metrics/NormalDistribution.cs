namespace RobustAttribution.Metrics;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    private const double Far = 38; // where the density is 0 in doubles
    private const int MostSteps = 60;

    /// <summary>Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …) (Marsaglia 2004), to about 1e-15.</summary>
    public static double Cumulative(double x)
    {
        if (!(Math.Abs(x) < Far))
        {
            return double.IsNaN(x) ? x : x > 0 ? 1 : 0;
        }

        double sum = x, term = x;
        for (int odd = 3; sum + term != sum; odd += 2)
        {
            term *= x * x / odd;
            sum += term;
        }

        return Math.Clamp(0.5 + (Density(x) * sum), 0, 1);
    }

    /// <summary>Φ⁻¹(p) by Newton's method from 0, where it never oversteps: Φ is concave above 0.</summary>
    /// <param name="p">Above 0 and below 1.</param>
    public static double Quantile(double p)
    {
        if (p < 0.5)
        {
            return -Quantile(1 - p);
        }

        double x = 0;
        for (int i = 0; i < MostSteps; i++)
        {
            double next = x + ((p - Cumulative(x)) / Density(x));
            if (!(next > x))
            {
                break;
            }

            x = next;
        }

        return x;
    }

    private static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
}
