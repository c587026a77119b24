using System.Text;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Lays a <see cref="RobustnessReport"/> out as HTML.</summary>
internal static class HtmlPage
{
    private const int HistogramBins = 20;

    public static string Render(RobustnessReport report)
    {
        var page = new StringBuilder();
        var gallery = new Gallery(report);
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        page.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        page.Append($"<title>{Text(report.Title)}</title><style>{Style.Value}</style></head><body><main>\n<h1>{Text(report.Title)}</h1>\n");
        foreach (string sentence in report.Summary)
        {
            page.Append($"<p class=\"lead\">{Text(sentence)}</p>\n");
        }

        if (report.Verdicts.Count > 0)
        {
            page.Append("<ul class=\"verdicts\">").AppendJoin(string.Empty, report.Verdicts.Select(verdict => $"<li>{Text(verdict)}</li>"));
            page.Append("</ul>\n");
        }

        string[] findings =
            [.. report.Models.SelectMany(model => model.Findings.Select(finding => $"<li>{Text(model.Name)}: {Text(finding)}</li>"))];
        Section(page, "What speaks against the worst case", findings.Length == 0 ? string.Empty : $"<ul>{string.Concat(findings)}</ul>");
        page.Append("<section><h2>The numbers</h2>").Append(HeadlineTable(report.Models)).Append("</section>\n");
        Section(page, "The same images, before and after the attack", gallery.RenderSamples());
        Section(page, "Curves", Charts(report.Models));
        Section(page, "How the values are spread over the images", Histograms(report.Models));
        Section(page, "Worst and best cases", gallery.RenderExtremes());
        page.Append("<section><h2>How this was made</h2>").Append(Cards(report)).Append("</section>\n");
        IEnumerable<string> options = report.Options.Select(option => $"<p class=\"option\">{Text(option.Name)}</p><pre>{Lines(option.Text)}</pre>");
        Section(page, "All options", string.Concat(options));
        page.Append("</main></body></html>\n");
        return page.ToString();
    }

    internal static string Text(string text) => ChartStyle.Escape(text);

    /// <summary>Text that keeps its lines.</summary>
    private static string Lines(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(Text));

    private static void Section(StringBuilder page, string heading, string content)
    {
        if (content.Length > 0)
        {
            page.Append($"<section><h2>{Text(heading)}</h2>{content}</section>\n");
        }
    }

    /// <summary>One row a metric, one column a model: the page stays readable with many metrics.</summary>
    private static string HeadlineTable(IReadOnlyList<ReportedModel> models)
    {
        List<ReportedNumber> metrics = [.. models.SelectMany(model => model.Numbers).DistinctBy(number => (number.Group, number.Name))];
        var table = new StringBuilder("<div class=\"wide\"><table class=\"headline\"><thead><tr><th scope=\"col\">metric</th>");
        table.AppendJoin(string.Empty, models.Select(model => $"<th scope=\"col\">{Text(model.Name)}</th>")).Append("</tr></thead>");
        foreach (IGrouping<string?, ReportedNumber> group in metrics.GroupBy(metric => metric.Group))
        {
            table.Append("<tbody>");
            if (group.Key is not null)
            {
                table.Append($"<tr><th class=\"group\" scope=\"rowgroup\" colspan=\"{models.Count + 1}\">{Text(group.Key)}</th></tr>");
            }

            foreach (ReportedNumber metric in group)
            {
                string direction = metric.HigherIsBetter ? "higher is better" : "lower is better";
                string meaning = metric.Meaning is null ? string.Empty : $"<small>{Text(metric.Meaning)}</small>";
                string arrow = metric.HigherIsBetter ? "↑" : "↓";
                string mark = $" <span role=\"img\" aria-label=\"{direction}\" title=\"{direction}\">{arrow}</span>";
                table.Append($"<tr><th scope=\"row\">{Text(metric.Name)}{(metric.IsReference ? string.Empty : mark)}{meaning}</th>");
                table.AppendJoin(string.Empty, HeadlineCells.Of(metric, models)).Append("</tr>");
            }

            table.Append("</tbody>");
        }

        table.Append("</table></div><p class=\"note\">↑ higher is better, ↓ lower is better.");
        table.Append(HeadlineCells.Note(models)).Append("</p>");
        return table.ToString();
    }

    private static string Charts(IReadOnlyList<ReportedModel> models)
    {
        var charts = new StringBuilder();
        foreach (ReportedCurve first in models.SelectMany(model => model.Curves).DistinctBy(curve => curve.Title))
        {
            List<ChartSeries> series = [.. models
                .Select(model => (model.Name, Curve: model.Curves.FirstOrDefault(curve => curve.Title == first.Title)))
                .Where(pair => pair.Curve is not null)
                .Select(pair => new ChartSeries(pair.Name, pair.Curve!.Points)
                {
                    Intervals = pair.Curve.Intervals, Reference = pair.Curve.Reference,
                })];
            if (series.Any(line => line.Known.Any()))
            {
                charts.Append(LineChart.Render(first.Title, first.Horizontal, first.Vertical, series, (0, 1), first.ReferenceName));
            }
        }

        string note = models.SelectMany(model => model.Curves).Any(curve => curve.Intervals.Count > 0)
            ? "<p class=\"note\">Whiskers are 95 % intervals over the images.</p>"
            : string.Empty;
        return charts.Length == 0 ? string.Empty : $"<div class=\"charts\">{charts}</div>{note}";
    }

    private static string Histograms(IReadOnlyList<ReportedModel> models)
    {
        var charts = new StringBuilder();
        foreach (string name in models.SelectMany(model => model.Spreads).Select(spread => spread.Name).Distinct())
        {
            List<(string, IReadOnlyList<double>)> groups =
            [
                .. models.SelectMany(model => model.Spreads.Where(spread => spread.Name == name).Select(spread => (model.Name, spread.Values))),
            ];
            double[] values = [.. groups.SelectMany(group => group.Item2).Where(double.IsFinite)];
            if (values.Length > 0)
            {
                (double, double) range = (Math.Min(0, values.Min()), Math.Max(1, values.Max()));
                charts.Append(Histogram.Render($"{name} of each image", name, groups, range, HistogramBins));
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
    {
        IEnumerable<string> lines = facts.Select(fact => $"<dt>{Text(fact.Name)}</dt><dd>{Text(fact.Value)}</dd>");
        return facts.Count == 0 ? string.Empty : $"<div class=\"card\"><h3>{Text(heading)}</h3><dl>{string.Concat(lines)}</dl></div>";
    }
}
