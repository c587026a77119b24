using System.Text;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Lines with markers over a common horizontal axis.</summary>
internal static class LineChart
{
    private const double WhiskerDistance = 3; // pixels: each whisker still touches the marker of its point

    /// <param name="title">What the figure shows.</param>
    /// <param name="horizontal">The horizontal axis, with its unit.</param>
    /// <param name="vertical">The vertical axis, with its unit.</param>
    /// <param name="series">At least one, with at least one point in all.</param>
    /// <param name="range">The vertical range that is shown at least.</param>
    /// <param name="reference">What the series' references are; null for none.</param>
    /// <exception cref="ArgumentException">There is no point to draw.</exception>
    public static string Render(
        string title, string horizontal, string vertical, IReadOnlyList<ChartSeries> series, (double Low, double High)? range = null,
        string? reference = null)
    {
        List<(double X, double Y)> points = [.. series.SelectMany(line => line.Known)];
        if (points.Count == 0)
        {
            throw new ArgumentException($"The chart '{title}' has no point to draw.", nameof(series));
        }

        (double low, double high) = range ?? (points.Min(point => point.Y), points.Max(point => point.Y));
        double[] heights =
        [
            low, high, .. points.Select(point => point.Y),
            .. series.SelectMany(line => line.Reference).Select(point => point.Y).Where(double.IsFinite),
            .. series.SelectMany(line => line.Whiskers).SelectMany(whisker => new[] { whisker.Interval.Low, whisker.Interval.High }),
        ];
        var frame = new ChartFrame((points.Min(point => point.X), points.Max(point => point.X)), (heights.Min(), heights.Max()));
        var marks = new StringBuilder();
        for (int i = 0; i < series.Count; i++)
        {
            string color = ChartStyle.Color(i);
            IEnumerable<string> path = series[i].Known.Select(frame.Point);
            bool isCommon = i > 0 && series[i].Reference.SequenceEqual(series[0].Reference); // drawn once
            if (series[i].Reference.Count > 0 && !isCommon)
            {
                bool isGrey = series.All(line => line.Reference.SequenceEqual(series[0].Reference));
                marks.Append($"<path class=\"reference\" fill=\"none\" stroke=\"{(isGrey ? ChartStyle.ReferenceColor : color)}\" ");
                marks.Append($"d=\"M{string.Join('L', series[i].Reference.Where(point => double.IsFinite(point.Y)).Select(frame.Point))}\"/>");
            }

            double beside = (i - ((series.Count - 1) / 2.0)) * WhiskerDistance; // so that whiskers of several series are seen apart
            foreach ((double x, ConfidenceInterval interval) in series[i].Whiskers)
            {
                string place = ChartStyle.Number(frame.X(x) + beside);
                marks.Append($"<line class=\"whisker\" stroke=\"{color}\" x1=\"{place}\" x2=\"{place}\" ");
                marks.Append($"y1=\"{ChartStyle.Number(frame.Y(interval.Low))}\" y2=\"{ChartStyle.Number(frame.Y(interval.High))}\"/>");
            }

            marks.Append($"<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\" stroke-dasharray=\"{ChartStyle.Dash(i)}\" ");
            marks.Append($"points=\"{string.Join(' ', path)}\"/>");
            foreach ((double x, double y) in series[i].Known)
            {
                marks.Append($"<circle cx=\"{ChartStyle.Number(frame.X(x))}\" cy=\"{ChartStyle.Number(frame.Y(y))}\" r=\"3\" fill=\"{color}\">");
                marks.Append($"<title>{ChartStyle.Escape(series[i].Name)}: {ChartStyle.Number(x)} → {ChartStyle.Number(y)}</title></circle>");
            }
        }

        return frame.Figure(title, horizontal, vertical, marks.ToString(), [.. series.Select(line => line.Name)], reference);
    }
}
