namespace RobustAttribution.MLNet.Reporting;

/// <summary>The points of one line of a chart; points with a NaN are left out.</summary>
internal sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    public IEnumerable<(double X, double Y)> Known => Points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y));
}
