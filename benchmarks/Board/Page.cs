using System.Globalization;
using System.Net;
using System.Text;
using RobustAttribution.Metrics;

namespace RobustAttribution.Benchmarks;

/// <summary>The board as one HTML file and as a Markdown table, from the cards alone.</summary>
internal static class Page
{
    private const string Style =
        """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 96rem; padding: 0 1rem; color: #1c1c22; background: #fff }
        h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.2rem }
        .wide { overflow-x: auto } table { border-collapse: collapse; margin: .6rem 0; white-space: nowrap }
        th, td { padding: .3rem .7rem; border-bottom: 1px solid #dcdce4; text-align: right; font-variant-numeric: tabular-nums }
        th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff }
        thead th { vertical-align: bottom; font-weight: 600; white-space: normal; max-width: 8rem } .control td { color: #666; font-style: italic }
        small { color: #666; font-weight: normal } p { max-width: 60rem } .best { font-weight: 700 } dt { font-weight: 600 } dd { margin: 0 0 .4rem 1.2rem }
        """;

    private static readonly string[] Networks = ["paper", "smooth"];

    public static string Html(IReadOnlyList<Card> cards, IEnumerable<string> paragraphs)
    {
        IReadOnlyList<Line> lines = Line.Of(cards);
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n");
        page.Append($"<title>Board of robust explanations</title><style>\n{Style}\n</style></head><body>\n<h1>Board of robust explanations</h1>\n");
        foreach (string paragraph in paragraphs)
        {
            page.Append($"<p>{Text(paragraph)}</p>\n");
        }

        foreach (string network in Networks)
        {
            Line[] shown = [.. lines.Where(line => line.Network == network)];
            if (shown.Length > 0)
            {
                page.Append($"<h2>{Text(Heading(network))}</h2>\n");
                AppendFigures(page, shown);
                AppendDifferences(page, shown);
            }
        }

        page.Append("<h2>What the columns are</h2>\n<dl>\n");
        foreach (Figure figure in Figure.All)
        {
            page.Append($"<dt>{Text(figure.Title)}</dt><dd>{Text(figure.Meaning)}</dd>\n");
        }

        page.Append("<dt>lift</dt><dd>(attacked − other)/(1 − other), other the similarity of maps of different images of the same predicted class: 0 for a map that is the same for all images.</dd>\n</dl>\n");
        AppendModels(page, cards);
        return page.Append("</body></html>\n").ToString();
    }

    public static string Markdown(IReadOnlyList<Card> cards)
    {
        IReadOnlyList<Line> lines = Line.Of(cards);
        var text = new StringBuilder();
        foreach (string network in Networks)
        {
            Line[] shown = [.. lines.Where(line => line.Network == network)];
            if (shown.Length == 0)
            {
                continue;
            }

            Figure[] figures = Known(shown);
            text.Append($"## {Heading(network)}\n\n| method | seeds | accuracy | ").AppendJoin(" | ", figures.Select(figure => figure.Title)).Append(" | lift, worst case | training |\n");
            text.Append("|---|---|---|").AppendJoin('|', figures.Select(_ => "---")).Append("|---|---|\n");
            double fastest = shown.Min(line => line.TrainingSeconds);
            foreach (Line line in shown)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {line.Title} | {line.Seeds} | {Number(line.Accuracy.Mean)} | ");
                text.AppendJoin(" | ", figures.Select(figure => Interval(figure.Values(line))));
                text.Append(CultureInfo.InvariantCulture, $" | {Number(LiftOf(line).Value)} | {line.TrainingSeconds / fastest:F1} |\n");
            }

            foreach ((string control, double[] values) in Controls(shown))
            {
                text.Append($"| *{control}* | | | ").AppendJoin(" | ", figures.Select(figure => figure.Title == "top-k attack, top-100" ? Interval(values) : string.Empty)).Append(" | | |\n");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Heading(string network) => network == "paper"
        ? "The network as the papers have it: max-pooling, each method's own activation"
        : "The network without kinks: average pooling, softplus β = 3";

    private static void AppendFigures(StringBuilder page, Line[] lines)
    {
        Figure[] figures = Known(lines);
        double fastest = lines.Min(line => line.TrainingSeconds);
        page.Append("<div class=\"wide\"><table><thead><tr><th>method</th><th>seeds</th><th>accuracy</th>");
        page.AppendJoin(string.Empty, figures.Select(figure => $"<th>{Text(figure.Title)}</th>")).Append("<th>lift, worst case</th><th>training time</th></tr></thead><tbody>\n");
        double[] best = [.. figures.Select(figure => lines.Max(line => Average(figure.Values(line)) is var mean && double.IsNaN(mean) ? double.MinValue : mean))];
        foreach (Line line in lines)
        {
            page.Append($"<tr><td>{Text(line.Title)}</td><td>{line.Seeds}</td><td>{Number(line.Accuracy.Mean)}{Spread(line.Accuracy)}</td>");
            foreach ((Figure figure, double top) in figures.Zip(best))
            {
                double[] values = figure.Values(line);
                string mark = Average(values) == top ? " class=\"best\"" : string.Empty;
                page.Append($"<td{mark}>{Bar(values)}{Number(Average(values))}<br><small>{Ends(values)}</small></td>");
            }

            Lift lift = LiftOf(line);
            page.Append(CultureInfo.InvariantCulture, $"<td>{Number(lift.Value)}<br><small>{Ends(lift.Interval)}</small></td><td>{line.TrainingSeconds / fastest:F1}</td></tr>\n");
        }

        foreach ((string control, double[] values) in Controls(lines))
        {
            page.Append($"<tr class=\"control\"><td>{Text(control)}</td><td></td><td></td>");
            page.AppendJoin(string.Empty, figures.Select(figure => figure.Title == "top-k attack, top-100" ? $"<td>{Bar(values)}{Number(Average(values))}<br><small>{Ends(values)}</small></td>" : "<td></td>"));
            page.Append("<td></td><td></td></tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    /// <summary>Differences to plain training on the same network, image by image.</summary>
    private static void AppendDifferences(StringBuilder page, Line[] lines)
    {
        Line? plain = lines.FirstOrDefault(line => line.Method == "plain");
        Figure[] figures = Known(lines);
        if (plain is null || lines.Length < 2)
        {
            return;
        }

        page.Append("<p>Differences to plain training on the same images, with their 95 % intervals; bold where the interval excludes 0.</p>\n<div class=\"wide\"><table><thead><tr><th>method</th>");
        page.AppendJoin(string.Empty, figures.Select(figure => $"<th>{Text(figure.Title)}</th>")).Append("</tr></thead><tbody>\n");
        foreach (Line line in lines.Where(line => line != plain))
        {
            page.Append($"<tr><td>{Text(line.Title)}</td>");
            foreach (Figure figure in figures)
            {
                double[] own = figure.Values(line), others = figure.Values(plain);
                int count = Math.Min(own.Length, others.Length);
                PairedDifference difference = PairedDifference.Of(own[..count], others[..count]);
                string mark = difference.IsBeyondZero ? " class=\"best\"" : string.Empty;
                page.Append($"<td{mark}>{Signed(difference.Mean)}<br><small>{Ends(difference.Interval)}</small></td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static void AppendModels(StringBuilder page, IReadOnlyList<Card> cards)
    {
        page.Append("<h2>Models</h2>\n<div class=\"wide\"><table><thead><tr><th>model</th><th>accuracy</th><th>training, s of one core</th><th>weights' SHA-256</th><th>findings</th></tr></thead><tbody>\n");
        foreach (Card card in cards)
        {
            string findings = string.Join("; ", card.Protocols.SelectMany(pair => pair.Value.Findings.Select(finding => $"{pair.Key}: {finding}")));
            page.Append($"<tr><td>{Text($"{card.Method}, {card.Weights}, {card.Network}, seed {card.Seed}")}</td><td>{Number(card.Accuracy ?? double.NaN)}</td>");
            page.Append(CultureInfo.InvariantCulture, $"<td>{card.Training.ProcessorSeconds:F0}</td><td><code>{card.Training.WeightsHash[..16]}</code></td><td>{Text(findings)}</td></tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    /// <summary>Maps that know nothing of the network, under the attacked images of plain training.</summary>
    private static IEnumerable<(string Name, double[] Values)> Controls(Line[] lines)
    {
        ProtocolResult? result = lines[0].Cards[0].Protocols.GetValueOrDefault("top-k");
        return result is null
            ? []
            : result.Controls.Keys.Select(name => (name, lines[0].Images(
                card => card.Protocols.GetValueOrDefault("top-k")?.Controls.GetValueOrDefault(name)?.GetValueOrDefault("Top-100 intersection"))));
    }

    private static Lift LiftOf(Line line) => Figure.Lift(line, "worst-case", "Top-100 intersection");

    private static Figure[] Known(Line[] lines) => [.. Figure.All.Where(figure => lines.Any(line => figure.Values(line).Length > 0))];

    /// <summary>The mean from 0 to 1, with its interval.</summary>
    private static string Bar(double[] values)
    {
        double mean = Average(values);
        if (double.IsNaN(mean))
        {
            return string.Empty;
        }

        const int Width = 80;
        ConfidenceInterval interval = Bootstrap.OfMean(values.Where(value => !double.IsNaN(value)));
        double X(double value) => Math.Clamp(value, 0, 1) * Width;
        string whisker = double.IsNaN(interval.Low)
            ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"<path d=\"M{X(interval.Low):F1} 7H{X(interval.High):F1}\" stroke=\"#1c1c22\" stroke-width=\"2\"/>");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"<svg width=\"{Width}\" height=\"14\" role=\"img\" aria-label=\"{mean:F2}\"><rect width=\"{Width}\" height=\"14\" fill=\"#eef\"/><rect width=\"{X(mean):F1}\" height=\"14\" fill=\"#8aa4e8\"/>{whisker}</svg> ");
    }

    private static string Interval(double[] values) => double.IsNaN(Average(values)) ? "–" : $"{Number(Average(values))} {Ends(values)}";

    private static string Ends(double[] values) => Ends(Bootstrap.OfMean(values.Where(value => !double.IsNaN(value))));

    private static string Ends(ConfidenceInterval interval) => double.IsNaN(interval.Low) ? string.Empty : $"[{Number(interval.Low)}, {Number(interval.High)}]";

    private static string Spread(SeedSpread spread)
        => spread.Count < 2 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"<br><small>± {spread.StandardDeviation:F3}</small>");

    private static double Average(double[] values) => values.Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();

    private static string Signed(double value) => double.IsNaN(value) ? "–" : value.ToString("+0.000;−0.000;0.000", CultureInfo.InvariantCulture);

    private static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("F3", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
