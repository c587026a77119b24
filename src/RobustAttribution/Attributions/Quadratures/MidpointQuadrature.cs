namespace RobustAttribution.Attributions;

/// <summary>The value in the middle of each interval.</summary>
public sealed record MidpointQuadrature : PathQuadrature
{
    /// <inheritdoc/>
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps) => Evenly(steps, 0.5 / steps, 1.0 / steps);
}
