using System.Globalization;
using System.Text;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Lays a <see cref="RobustnessReport"/> out as HTML.</summary>
internal static class HtmlPage
{
    private const int HistogramBins = 20;

    public static string Render(RobustnessReport report)
    {
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        page.Append($"<title>{Text(report.Title)}</title><style>{Style.Value}</style></head><body><main>\n<h1>{Text(report.Title)}</h1>\n");
        foreach (string sentence in report.Summary)
        {
            page.Append($"<p class=\"lead\">{Text(sentence)}</p>\n");
        }

        page.Append("<section><h2>The numbers</h2>").Append(HeadlineTable(report.Models)).Append("</section>\n");
        Section(page, "Curves", Charts(report.Models));
        Section(page, "Picture by picture", Histograms(report.Models));
        Section(page, "Pictures before and after the attack", Gallery.Render(report));
        page.Append("<section><h2>How this was made</h2>").Append(Cards(report)).Append("</section>\n</main></body></html>\n");
        return page.ToString();
    }

    internal static string Text(string text) => ChartStyle.Escape(text);

    private static void Section(StringBuilder page, string heading, string content)
    {
        if (content.Length > 0)
        {
            page.Append($"<section><h2>{Text(heading)}</h2>{content}</section>\n");
        }
    }

    private static string HeadlineTable(IReadOnlyList<ReportedModel> models)
    {
        List<ReportedNumber> columns = [.. models.SelectMany(model => model.Numbers).DistinctBy(number => number.Name)];
        var table = new StringBuilder("<div class=\"wide\"><table><thead><tr><th scope=\"col\">model</th>");
        foreach (ReportedNumber column in columns)
        {
            string arrow = column.HigherIsBetter ? "↑" : "↓";
            string direction = column.HigherIsBetter ? "higher is better" : "lower is better";
            table.Append($"<th scope=\"col\">{Text(column.Name)} <span aria-label=\"{direction}\" title=\"{direction}\">{arrow}</span></th>");
        }

        table.Append("</tr></thead><tbody>");
        foreach (ReportedModel model in models)
        {
            table.Append($"<tr><th scope=\"row\">{Text(model.Name)}</th>");
            foreach (ReportedNumber column in columns)
            {
                table.Append(Cell(model, column, models));
            }

            table.Append("</tr>");
        }

        table.Append("</tbody></table></div>");
        if (models.Count > 1)
        {
            table.Append("<p class=\"note\">The best value of each column is bold and marked ★. ± is the standard error of the mean over pictures.</p>");
        }

        List<ReportedNumber> explained = [.. columns.Where(column => column.Meaning is not null)];
        if (explained.Count > 0)
        {
            table.Append("<dl>").AppendJoin(string.Empty, explained.Select(column => $"<dt>{Text(column.Name)}</dt><dd>{Text(column.Meaning!)}</dd>")).Append("</dl>");
        }

        return table.ToString();
    }

    private static string Cell(ReportedModel model, ReportedNumber column, IReadOnlyList<ReportedModel> models)
    {
        if (model.Numbers.FirstOrDefault(number => number.Name == column.Name) is not { Value: var value } found || double.IsNaN(value))
        {
            return "<td>–</td>";
        }

        IEnumerable<double> all = models.SelectMany(other => other.Numbers).Where(number => number.Name == column.Name && !double.IsNaN(number.Value)).Select(number => number.Value);
        bool best = models.Count > 1 && value == (column.HigherIsBetter ? all.Max() : all.Min());
        string text = value.ToString("0.000", CultureInfo.InvariantCulture);
        string error = found.StandardError is { } deviation && double.IsFinite(deviation) ? $" <small>± {deviation.ToString("0.000", CultureInfo.InvariantCulture)}</small>" : string.Empty;
        return best ? $"<td class=\"best\"><strong>{text}</strong> ★{error}</td>" : $"<td>{text}{error}</td>";
    }

    private static string Charts(IReadOnlyList<ReportedModel> models)
    {
        var charts = new StringBuilder();
        foreach (ReportedCurve first in models.SelectMany(model => model.Curves).DistinctBy(curve => curve.Title))
        {
            List<ChartSeries> series = [.. models
                .Select(model => (model.Name, Curve: model.Curves.FirstOrDefault(curve => curve.Title == first.Title)))
                .Where(pair => pair.Curve is not null)
                .Select(pair => new ChartSeries(pair.Name, pair.Curve!.Points))];
            if (series.Any(line => line.Known.Any()))
            {
                charts.Append(LineChart.Render(first.Title, first.Horizontal, first.Vertical, series, (0, 1)));
            }
        }

        return charts.Length == 0 ? string.Empty : $"<div class=\"charts\">{charts}</div>";
    }

    private static string Histograms(IReadOnlyList<ReportedModel> models)
    {
        var charts = new StringBuilder();
        foreach (string name in models.SelectMany(model => model.Spreads).Select(spread => spread.Name).Distinct())
        {
            List<(string, IReadOnlyList<double>)> groups = [.. models.SelectMany(model => model.Spreads.Where(spread => spread.Name == name).Select(spread => (model.Name, spread.Values)))];
            double[] values = [.. groups.SelectMany(group => group.Item2).Where(double.IsFinite)];
            if (values.Length > 0)
            {
                charts.Append(Histogram.Render($"{name} of each picture", name, groups, (Math.Min(0, values.Min()), Math.Max(1, values.Max())), HistogramBins));
            }
        }

        return charts.Length == 0 ? string.Empty : $"<div class=\"charts\">{charts}</div>";
    }

    private static string Cards(RobustnessReport report)
    {
        var cards = new StringBuilder("<div class=\"cards\">").Append(Card("this report", report.Card));
        foreach (ReportedModel model in report.Models)
        {
            cards.Append(Card(model.Name, model.Card));
        }

        return cards.Append("</div>").ToString();
    }

    private static string Card(string heading, IReadOnlyList<(string Name, string Value)> facts)
        => facts.Count == 0
            ? string.Empty
            : $"<div class=\"card\"><h3>{Text(heading)}</h3><dl>{string.Concat(facts.Select(fact => $"<dt>{Text(fact.Name)}</dt><dd>{Text(fact.Value)}</dd>"))}</dl></div>";
}
