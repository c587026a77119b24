namespace RobustAttribution.Attributions;

/// <summary>The mean of the values at both ends of each interval: one point more than intervals, the outermost two with half the weight.</summary>
public sealed record TrapezoidQuadrature : PathQuadrature
{
    /// <inheritdoc/>
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps)
        => [.. Enumerable.Range(0, steps + 1).Select(i => ((double)i / steps, (i == 0 || i == steps ? 0.5 : 1.0) / steps))];
}
