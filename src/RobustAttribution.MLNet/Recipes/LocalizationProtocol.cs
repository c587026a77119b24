using RobustAttribution.Attributions;

namespace RobustAttribution.MLNet;

/// <summary>How a recipe finds objects by maps.</summary>
/// <param name="Name">What its numbers are called after, e.g. "gradient".</param>
/// <param name="Method">The attribution.</param>
/// <param name="Reduction">How it becomes a map.</param>
/// <param name="Threshold">Share of the smoothed map's maximum that a cell must reach, from 0 to 1.</param>
public sealed record LocalizationProtocol(string Name, IAttributionMethod Method, MapReduction Reduction, double Threshold)
{
    /// <summary>Share of the smoothed map's maximum that a cell must reach, from 0 to 1.</summary>
    public double Threshold { get; init => field = Require.InRange(value, 0, 1); } = Require.InRange(Threshold, 0, 1, nameof(Threshold));

    /// <summary>Intersection over union from which on a box counts as found, from 0 to 1. 0.5 by default (Singh et al. 2020).</summary>
    public double MinimumOverlap { get; init => field = Require.InRange(value, 0, 1); } = 0.5;
}
