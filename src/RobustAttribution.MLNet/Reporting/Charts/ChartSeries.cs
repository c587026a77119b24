using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The points of one line of a chart; points with a NaN are left out.</summary>
internal sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>The interval of each point, drawn as a whisker; empty for none.</summary>
    public IReadOnlyList<ConfidenceInterval> Intervals { get; init; } = [];

    /// <summary>A line to compare with, thin and dotted; empty for none.</summary>
    public IReadOnlyList<(double X, double Y)> Reference { get; init; } = [];

    /// <summary>The ends of the known intervals.</summary>
    public IEnumerable<(double X, ConfidenceInterval Interval)> Whiskers => Points
        .Zip(Intervals, (point, interval) => (point.X, interval))
        .Where(pair => double.IsFinite(pair.interval.Low) && double.IsFinite(pair.interval.High));

    public IEnumerable<(double X, double Y)> Known => Points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y));
}
