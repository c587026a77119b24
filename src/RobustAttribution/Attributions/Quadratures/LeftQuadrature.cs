namespace RobustAttribution.Attributions;

/// <summary>The value at the left end of each interval.</summary>
public sealed record LeftQuadrature : PathQuadrature
{
    /// <inheritdoc/>
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps) => Evenly(steps, 0, 1.0 / steps);
}
