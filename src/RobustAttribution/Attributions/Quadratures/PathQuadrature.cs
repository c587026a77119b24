namespace RobustAttribution.Attributions;

/// <summary>How an integral over [0, 1] becomes a weighted sum of values: ∫f ≈ Σ wᵢ·f(αᵢ), Σ wᵢ = 1.</summary>
public abstract record PathQuadrature
{
    /// <summary>The points and their weights.</summary>
    /// <param name="steps">Number of equal intervals (of points, for Gauss and Legendre), at least 1.</param>
    public abstract IReadOnlyList<(double Alpha, double Weight)> Rule(int steps);

    private protected static IReadOnlyList<(double Alpha, double Weight)> Evenly(int count, double first, double distance)
        => [.. Enumerable.Range(0, count).Select(i => (first + (i * distance), 1.0 / count))];
}
