using System.Text;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The share of images in each of a number of equal bins, as outlined steps: several groups fit into one chart.</summary>
internal static class Histogram
{
    /// <param name="title">What the figure shows.</param>
    /// <param name="horizontal">The horizontal axis, with its unit.</param>
    /// <param name="groups">Name and values of each group; NaN values are left out.</param>
    /// <param name="range">The horizontal range; values outside count into the nearest bin.</param>
    /// <param name="bins">Number of bins, at least 1.</param>
    public static string Render(
        string title,
        string horizontal,
        IReadOnlyList<(string Name, IReadOnlyList<double> Values)> groups,
        (double Low, double High) range,
        int bins = 20)
    {
        Require.InRange(bins, 1, name: nameof(bins));
        List<double[]> shares = [.. groups.Select(group => Shares([.. group.Values.Where(double.IsFinite)], range, bins))];
        var frame = new ChartFrame(range, (0, Math.Max(0.05, shares.Max(group => group.Max()))));
        var marks = new StringBuilder();
        double step = (range.High - range.Low) / bins;
        for (int i = 0; i < shares.Count; i++)
        {
            var path = new StringBuilder($"M{ChartStyle.Number(frame.X(range.Low))},{ChartStyle.Number(frame.Baseline)}");
            for (int bin = 0; bin < bins; bin++)
            {
                path.Append($"V{ChartStyle.Number(frame.Y(shares[i][bin]))}H{ChartStyle.Number(frame.X(range.Low + ((bin + 1) * step)))}");
            }

            path.Append($"V{ChartStyle.Number(frame.Baseline)}");
            string color = ChartStyle.Color(i);
            marks.Append($"<path d=\"{path}\" fill=\"{color}\" fill-opacity=\"0.18\" stroke=\"{color}\" stroke-width=\"2\" ");
            marks.Append($"stroke-dasharray=\"{ChartStyle.Dash(i)}\"/>");
        }

        return frame.Figure(title, horizontal, "share of images", marks.ToString(), [.. groups.Select(group => group.Name)]);
    }

    private static double[] Shares(double[] values, (double Low, double High) range, int bins)
    {
        double[] shares = new double[bins];
        foreach (double value in values)
        {
            int bin = Math.Clamp((int)((value - range.Low) / (range.High - range.Low) * bins), 0, bins - 1);
            shares[bin] += 1.0 / values.Length;
        }

        return shares;
    }
}
