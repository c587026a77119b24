using System.Text;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Lines with markers over a common horizontal axis.</summary>
internal static class LineChart
{
    /// <param name="title">What the figure shows.</param>
    /// <param name="horizontal">The horizontal axis, with its unit.</param>
    /// <param name="vertical">The vertical axis, with its unit.</param>
    /// <param name="series">At least one, with at least one point in all.</param>
    /// <param name="range">The vertical range that is shown at least.</param>
    /// <exception cref="ArgumentException">There is no point to draw.</exception>
    public static string Render(
        string title, string horizontal, string vertical, IReadOnlyList<ChartSeries> series, (double Low, double High)? range = null)
    {
        List<(double X, double Y)> points = [.. series.SelectMany(line => line.Known)];
        if (points.Count == 0)
        {
            throw new ArgumentException($"The chart '{title}' has no point to draw.", nameof(series));
        }

        (double low, double high) = range ?? (points.Min(point => point.Y), points.Max(point => point.Y));
        var frame = new ChartFrame(
            (points.Min(point => point.X), points.Max(point => point.X)),
            (Math.Min(low, points.Min(point => point.Y)), Math.Max(high, points.Max(point => point.Y))));
        var marks = new StringBuilder();
        for (int i = 0; i < series.Count; i++)
        {
            string color = ChartStyle.Color(i);
            IEnumerable<string> path =
                series[i].Known.Select(point => $"{ChartStyle.Number(frame.X(point.X))},{ChartStyle.Number(frame.Y(point.Y))}");
            marks.Append($"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\" stroke-dasharray=\"{ChartStyle.Dash(i)}\" ");
            marks.Append($"points=\"{string.Join(' ', path)}\"/>");
            foreach ((double x, double y) in series[i].Known)
            {
                marks.Append($"<circle cx=\"{ChartStyle.Number(frame.X(x))}\" cy=\"{ChartStyle.Number(frame.Y(y))}\" r=\"3\" fill=\"{color}\">");
                marks.Append($"<title>{ChartStyle.Escape(series[i].Name)}: {ChartStyle.Number(x)} → {ChartStyle.Number(y)}</title></circle>");
            }
        }

        return frame.Figure(title, horizontal, vertical, marks.ToString(), [.. series.Select(line => line.Name)]);
    }
}
