using System.Globalization;
using System.Text;
using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The images of a report: some side by side for all models, and each model's worst and best cases. Both maps of a row that belong to one model have one scale.</summary>
internal static class Gallery
{
    /// <summary>Drawn size of an image's longer side, pixels.</summary>
    private const int Side = 128;
    private const int SmallSide = 112;
    private const int BarEntries = 64;

    /// <summary>One row an image: the image, and each model's map before and after the attack.</summary>
    public static string RenderSamples(RobustnessReport report)
    {
        List<ReportedModel> models = [.. report.Models.Where(model => model.Samples.Count > 0)];
        if (models.Count == 0)
        {
            return string.Empty;
        }

        var page = new StringBuilder("<div class=\"wide\"><table class=\"gallery\"><thead><tr><td></td>");
        page.AppendJoin(string.Empty, models.Select(model => $"<th scope=\"colgroup\" colspan=\"2\" class=\"model\">{HtmlPage.Text(model.Name)}</th>"));
        page.Append("</tr><tr><th scope=\"col\">image</th>");
        page.Insert(page.Length, "<th scope=\"col\" class=\"first\">its map</th><th scope=\"col\">its map after the attack</th>", models.Count).Append("</tr></thead><tbody>");
        foreach (ReportedExample first in models[0].Samples)
        {
            string truth = first.TrueClass is null ? string.Empty : $"<br>true class {HtmlPage.Text(first.TrueClass)}";
            page.Append("<tr>").Append(Cell(Clean(first, SmallSide), $"{Identifier(first.Id)}{truth}"));
            foreach (ReportedExample? example in models.Select(model => model.Samples.FirstOrDefault(sample => sample.Id == first.Id)))
            {
                page.Append(example is null ? "<td class=\"first\">–</td><td>–</td>" : MapPair(example));
            }

            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>").Append(ScaleNote(report.Models.SelectMany(model => model.Samples)));
        return page.Append("<p class=\"note\">These are the first images of different classes among those measured, not chosen by what came of them.</p>").ToString();
    }

    /// <summary>Each model's worst and best cases.</summary>
    public static string Render(RobustnessReport report)
    {
        var gallery = new StringBuilder();
        foreach (ReportedModel model in report.Models.Where(model => model.Examples.Count > 0))
        {
            List<ReportedExample> ordered = [.. model.Examples.OrderBy(example => double.IsNaN(example.Similarity) ? double.PositiveInfinity : example.Similarity)];
            List<ReportedExample> worst = [.. ordered.Take(report.ExamplesAtEachEnd)];
            List<ReportedExample> best = [.. ordered.Skip(worst.Count).TakeLast(report.ExamplesAtEachEnd).Reverse()];
            Append(gallery, $"{model.Name}: the worst cases, where the attack bent the map most", worst);
            Append(gallery, $"{model.Name}: the best cases, where the map held", best);
        }

        return gallery.Length == 0
            ? string.Empty
            : $"{gallery}{ScaleNote(report.Models.SelectMany(model => model.Examples))}<p class=\"note\">The perturbation is drawn around middle grey, magnified by the factor under it.</p>";
    }

    private static void Append(StringBuilder gallery, string heading, List<ReportedExample> examples)
    {
        if (examples.Count == 0)
        {
            return;
        }

        gallery.Append($"<h3>{HtmlPage.Text(heading)}</h3><div class=\"wide\"><table class=\"gallery\"><thead><tr>");
        foreach (string column in new[] { "image", "its map", "attacked image", "perturbation", "map after the attack", "how much stayed" })
        {
            gallery.Append($"<th scope=\"col\">{column}</th>");
        }

        gallery.Append("</tr></thead><tbody>").AppendJoin(string.Empty, examples.Select(Row)).Append("</tbody></table></div>");
    }

    private static string Row(ReportedExample example)
    {
        (Func<int, int, (byte, byte, byte)> perturbation, int magnified) = PerturbationPainter(example);
        string truth = example.TrueClass is null ? string.Empty : $"true class {HtmlPage.Text(example.TrueClass)}<br>";
        return "<tr>"
            + Cell(Clean(example, Side), $"{Identifier(example.Id)}<br>{truth}{Says(example.Prediction)}")
            + Cell(Map(example, attacked: false, Side), string.Empty)
            + Cell(Image(example, SaliencyImage.ImagePainter(example.AttackedImage.Span, example.Channels, example.Height, example.Width), $"attacked image {example.Id}", Side), Says(example.AttackedPrediction))
            + Cell(Image(example, perturbation, $"perturbation of image {example.Id}, magnified {magnified} times", Side), $"× {magnified}")
            + Cell(Map(example, attacked: true, Side), string.Empty)
            + $"<td class=\"numbers\">{string.Join("<br>", example.Numbers.Select(number => $"{HtmlPage.Text(number.Name)} {Number(number.Value)}"))}</td></tr>";
    }

    private static string MapPair(ReportedExample example)
    {
        string numbers = example.Numbers.Count == 0 ? string.Empty : double.IsNaN(example.Numbers[0].Value)
            ? "the attack found no copy that keeps the answer"
            : string.Join("<br>", example.Numbers.Take(2).Select(number => $"{HtmlPage.Text(number.Name)} {Number(number.Value)}"));
        return Cell(Map(example, attacked: false, SmallSide), Says(example.Prediction), "first") + Cell(Map(example, attacked: true, SmallSide), numbers);
    }

    // A path breaks behind its folders rather than within a name.
    private static string Identifier(string id) => HtmlPage.Text(id).Replace("/", "/<wbr>", StringComparison.Ordinal);

    private static string Says((string Class, double Probability) prediction) => $"predicted {HtmlPage.Text(prediction.Class)}, {RobustnessReport.Percent(prediction.Probability)}";

    private static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Cell(string image, string caption, string? style = null)
        => $"<td{(style is null ? string.Empty : $" class=\"{style}\"")}>{image}<div class=\"caption\">{caption}</div></td>";

    private static string Clean(ReportedExample example, int side)
        => Image(example, SaliencyImage.ImagePainter(example.Image.Span, example.Channels, example.Height, example.Width), $"image {example.Id}", side);

    private static string Map(ReportedExample example, bool attacked, int side)
    {
        ReadOnlySpan<float> map = attacked ? example.AttackedMap.Span : example.Map.Span;
        string alternative = attacked ? $"map of the attacked image {example.Id}" : $"map of image {example.Id}";
        double scale = SaliencyImage.ClipValue(example.Map.Span); // of both maps: that of the one before the attack
        return Image(example, SaliencyImage.MapPainter(map, example.Height, example.Width, scale, Colors(example)), alternative, side);
    }

    private static string Image(ReportedExample example, Func<int, int, (byte, byte, byte)> colorAt, string alternative, int side)
    {
        double scale = (double)side / Math.Max(example.Width, example.Height);
        return Png(example.Width, example.Height, colorAt, alternative, Math.Round(example.Width * scale), Math.Round(example.Height * scale));
    }

    private static string Png(int width, int height, Func<int, int, (byte, byte, byte)> colorAt, string alternative, double drawnWidth, double drawnHeight)
    {
        var canvas = new Canvas(width, height, (0, 0, 0));
        canvas.Draw(0, 0, width, height, width, height, colorAt);
        return $"<img src=\"data:image/png;base64,{Convert.ToBase64String(PngEncoder.Encode(canvas))}\" alt=\"{HtmlPage.Text(alternative)}\" width=\"{drawnWidth}\" height=\"{drawnHeight}\">";
    }

    private static bool IsSigned(ReportedExample example)
        => example.Map.Span.ContainsAnyInRange(float.MinValue, -float.Epsilon) || example.AttackedMap.Span.ContainsAnyInRange(float.MinValue, -float.Epsilon);

    private static ColorMap Colors(ReportedExample example) => IsSigned(example) ? ColorMap.CoolWarm : ColorMap.Inferno;

    /// <summary>The colour bar, and what its ends stand for.</summary>
    private static string ScaleNote(IEnumerable<ReportedExample> examples)
    {
        bool signed = examples.Any(IsSigned);
        ColorMap colors = signed ? ColorMap.CoolWarm : ColorMap.Inferno;
        string bar = Png(BarEntries, 1, (x, _) => colors.At(x / (BarEntries - 1.0)), $"colour bar, {colors.Name}", 192, 12);
        return $"<p class=\"note bar\"><span>{(signed ? "−s (speaks against)" : "0 (does not matter)")}</span>{bar}<span>{(signed ? "s (speaks for)" : "s (matters most)")}</span></p>"
            + "<p class=\"note\">The map before and the map after the attack share one colour scale: s is the "
            + $"{ChartStyle.Number(SaliencyImage.DefaultClipPercentile)}th percentile of the magnitudes of the map before; "
            + "larger values have the last colour.</p>";
    }

    private static (Func<int, int, (byte Red, byte Green, byte Blue)> ColorAt, int Magnification) PerturbationPainter(ReportedExample example)
    {
        float[] difference = new float[example.Image.Length];
        for (int i = 0; i < difference.Length; i++)
        {
            difference[i] = example.AttackedImage.Span[i] - example.Image.Span[i];
        }

        double largest = SaliencyImage.LargestMagnitude(difference);
        int magnification = largest > 0 ? Math.Max(1, (int)Math.Floor(0.5 / largest)) : 1;
        for (int i = 0; i < difference.Length; i++)
        {
            difference[i] = 0.5f + (magnification * difference[i]);
        }

        return (SaliencyImage.ImagePainter(difference, example.Channels, example.Height, example.Width), magnification);
    }
}
