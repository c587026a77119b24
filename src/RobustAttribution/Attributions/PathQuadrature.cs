using RobustAttribution.Serialization;

namespace RobustAttribution.Attributions;

/// <summary>How an integral over [0, 1] becomes a weighted sum of values: ∫f ≈ Σ wᵢ·f(αᵢ), Σ wᵢ = 1.</summary>
[ComponentFamily]
public abstract record PathQuadrature
{
    /// <summary>The value at the left end of each interval.</summary>
    public static PathQuadrature Left { get; } = new LeftQuadrature();

    /// <summary>The value at the right end of each interval, as in eq. 3 of Sundararajan et al. 2017.</summary>
    public static PathQuadrature Right { get; } = new RightQuadrature();

    /// <summary>The value in the middle of each interval.</summary>
    public static PathQuadrature Midpoint { get; } = new MidpointQuadrature();

    /// <summary>The mean of the values at both ends of each interval: a point more than intervals, the outer two with half the weight.</summary>
    public static PathQuadrature Trapezoid { get; } = new TrapezoidQuadrature();

    /// <summary>Gauss and Legendre's points: exact for polynomials of degree 2n − 1, so few points are enough on smooth networks.</summary>
    public static PathQuadrature GaussLegendre { get; } = new GaussLegendreQuadrature();

    /// <summary>The points and their weights.</summary>
    /// <param name="steps">Number of equal intervals (of points, for Gauss and Legendre), at least 1.</param>
    public abstract IReadOnlyList<(double Alpha, double Weight)> Rule(int steps);

    private protected static IReadOnlyList<(double Alpha, double Weight)> Evenly(int count, double first, double distance)
        => [.. Enumerable.Range(0, count).Select(i => (first + (i * distance), 1.0 / count))];
}

internal sealed record LeftQuadrature : PathQuadrature
{
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps) => Evenly(steps, 0, 1.0 / steps);
}

internal sealed record RightQuadrature : PathQuadrature
{
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps) => Evenly(steps, 1.0 / steps, 1.0 / steps);
}

internal sealed record MidpointQuadrature : PathQuadrature
{
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps) => Evenly(steps, 0.5 / steps, 1.0 / steps);
}

internal sealed record TrapezoidQuadrature : PathQuadrature
{
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps)
        => [.. Enumerable.Range(0, steps + 1).Select(i => ((double)i / steps, (i == 0 || i == steps ? 0.5 : 1.0) / steps))];
}

internal sealed record GaussLegendreQuadrature : PathQuadrature
{
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
