namespace RobustAttribution.Attributions;

/// <summary>Gauss and Legendre's points: exact for polynomials of degree 2n − 1, so few points are enough on smooth networks.</summary>
public sealed record GaussLegendreQuadrature : PathQuadrature
{
    /// <inheritdoc/>
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps)
        => [.. Enumerable.Range(1, steps).Select(i => Point(i, steps)).OrderBy(point => point.Alpha)];

    // Newton's method on the Legendre polynomial of degree n, from the usual first guess for its i-th root.
    private static (double Alpha, double Weight) Point(int i, int n)
    {
        double x = Math.Cos(Math.PI * (i - 0.25) / (n + 0.5)), slope = 1;
        for (int iteration = 0; iteration < 100; iteration++)
        {
            (double value, double former) = (x, 1);
            for (int degree = 2; degree <= n; degree++)
            {
                (value, former) = ((((2 * degree) - 1) * x * value - ((degree - 1) * former)) / degree, value);
            }

            slope = n * ((x * value) - former) / ((x * x) - 1);
            double change = value / slope;
            x -= change;
            if (Math.Abs(change) < 1e-15)
            {
                break;
            }
        }

        return ((1 + x) / 2, 1 / ((1 - (x * x)) * slope * slope));
    }
}
