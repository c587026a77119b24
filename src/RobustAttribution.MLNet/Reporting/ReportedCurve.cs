using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>A curve of one model; curves of several models with equal titles are drawn into one chart.</summary>
/// <param name="Title">What the chart shows, e.g. "Accuracy under attack".</param>
/// <param name="Horizontal">The horizontal axis with its unit, e.g. "ε in 1/255".</param>
/// <param name="Vertical">The vertical axis with its unit.</param>
/// <param name="Points">Where the curve goes; points with a NaN are left out.</param>
public sealed record ReportedCurve(string Title, string Horizontal, string Vertical, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>The 95 % interval of each point over the images; empty where they are not known.</summary>
    public IReadOnlyList<ConfidenceInterval> Intervals { get; init; } = [];

    /// <summary>A curve to compare with, drawn thin and dotted, e.g. what a random order of the pixels gives; empty for none.</summary>
    public IReadOnlyList<(double X, double Y)> Reference { get; init; } = [];

    /// <summary>What the reference is, e.g. "random order"; null for none.</summary>
    public string? ReferenceName { get; init; }
}
