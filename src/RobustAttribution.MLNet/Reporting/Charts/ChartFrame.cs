using System.Text;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Axes, ticks and labels of an SVG chart, and the mapping from values to pixels.</summary>
internal sealed class ChartFrame
{
    private const int Width = 520;
    private const int Height = 300;
    private const int Left = 62;
    private const int Right = 16;
    private const int Top = 16;
    private const int Bottom = 48;
    private readonly double lowX;
    private readonly double highX;
    private readonly double lowY;
    private readonly double highY;
    private readonly IReadOnlyList<double> ticksX;
    private readonly IReadOnlyList<double> ticksY;

    public ChartFrame((double Low, double High) x, (double Low, double High) y)
    {
        ticksX = ChartStyle.Ticks(x.Low, x.High);
        ticksY = ChartStyle.Ticks(y.Low, y.High);
        (lowX, highX) = (x.Low, Math.Max(x.High, ticksX[1]));
        (lowY, highY) = (ticksY[0], ticksY[^1]);
    }

    public double X(double value) => Left + ((value - lowX) / (highX - lowX) * (Width - Left - Right));

    public double Y(double value) => Height - Bottom - ((value - lowY) / (highY - lowY) * (Height - Top - Bottom));

    /// <summary>"x,y" of a point.</summary>
    public string Point((double X, double Y) value) => $"{ChartStyle.Number(X(value.X))},{ChartStyle.Number(Y(value.Y))}";

    public double Baseline => Y(Math.Max(lowY, 0));

    /// <summary>Wraps the marks of a chart into a figure with a legend below.</summary>
    /// <param name="title">What the figure shows; also its text alternative.</param>
    /// <param name="horizontal">What the horizontal axis counts, with its unit.</param>
    /// <param name="vertical">What the vertical axis counts, with its unit.</param>
    /// <param name="marks">SVG elements.</param>
    /// <param name="series">The names in the legend.</param>
    /// <param name="reference">The name of the thin dotted lines; null where there are none.</param>
    public string Figure(
        string title, string horizontal, string vertical, string marks, IReadOnlyList<string> series, string? reference = null)
    {
        var svg = new StringBuilder();
        svg.Append($"<figure class=\"chart\"><svg viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" ");
        svg.Append($"role=\"img\" aria-label=\"{ChartStyle.Escape(title)}\">");
        svg.Append($"<title>{ChartStyle.Escape(title)}</title>");
        foreach (double tick in ticksY)
        {
            string y = ChartStyle.Number(Y(tick));
            svg.Append($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y}\" y2=\"{y}\"/>");
            svg.Append($"<text x=\"{Left - 8}\" y=\"{y}\" dy=\"0.35em\" text-anchor=\"end\">{ChartStyle.Number(tick)}</text>");
        }

        foreach (double tick in ticksX.Where(tick => tick >= lowX && tick <= highX * (1 + 1e-9)))
        {
            string x = ChartStyle.Number(X(tick));
            svg.Append($"<line class=\"axis\" x1=\"{x}\" x2=\"{x}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 4}\"/>");
            svg.Append($"<text x=\"{x}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{ChartStyle.Number(tick)}</text>");
        }

        svg.Append($"<line class=\"axis\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom}\"/>");
        svg.Append($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">{ChartStyle.Escape(horizontal)}</text>");
        const int Middle = (Top + Height - Bottom) / 2;
        svg.Append($"<text x=\"14\" y=\"{Middle}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {Middle})\">");
        svg.Append(ChartStyle.Escape(vertical)).Append("</text>");
        svg.Append(marks).Append("</svg><figcaption>").Append(ChartStyle.Escape(title)).Append("<span class=\"legend\">");
        for (int i = 0; i < series.Count; i++)
        {
            svg.Append("<span><svg width=\"26\" height=\"10\" aria-hidden=\"true\"><line x1=\"1\" x2=\"25\" y1=\"5\" y2=\"5\" stroke-width=\"3\" ");
            svg.Append($"stroke=\"{ChartStyle.Color(i)}\" stroke-dasharray=\"{ChartStyle.Dash(i)}\"/></svg>{ChartStyle.Escape(series[i])}</span>");
        }

        if (reference is not null)
        {
            svg.Append("<span><svg width=\"26\" height=\"10\" aria-hidden=\"true\"><line class=\"reference\" x1=\"1\" x2=\"25\" y1=\"5\" y2=\"5\" ");
            svg.Append($"stroke=\"{ChartStyle.ReferenceColor}\"/></svg>{ChartStyle.Escape(reference)}</span>");
        }

        return svg.Append("</span></figcaption></figure>").ToString();
    }
}
