namespace RobustAttribution.Attributions;

/// <summary>The value at the right end of each interval, as in eq. 3 of Sundararajan et al. 2017.</summary>
public sealed record RightQuadrature : PathQuadrature
{
    /// <inheritdoc/>
    public override IReadOnlyList<(double Alpha, double Weight)> Rule(int steps) => Evenly(steps, 1.0 / steps, 1.0 / steps);
}
