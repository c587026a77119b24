using System.Globalization;
using System.Text;
using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The images of a report: some side by side for all models, and each model's worst and best cases.</summary>
/// <remarks>The map before an attack and the map after it have one scale, and all maps of a report have one colour map.</remarks>
/// <param name="report">What is shown.</param>
internal sealed class Gallery(RobustnessReport report)
{
    /// <summary>Drawn size of an image's longer side, pixels.</summary>
    private const int Side = 128;
    private const int SmallSide = 112;
    private const int BarWidth = 192;
    private static readonly string[] Columns = ["image", "its map", "attacked image", "perturbation", "map after the attack", "how much stayed"];
    private readonly bool signed = report.Models.Any(model => model.Samples.Concat(model.Examples).Any(IsSigned));

    private ColorMap Colors => signed ? ColorMap.BlueWhiteRed : ColorMap.Inferno;

    /// <summary>One row an image: the image, and each model's map before and after the attack.</summary>
    public string RenderSamples()
    {
        List<ReportedModel> models = [.. report.Models.Where(model => model.Samples.Count > 0)];
        if (models.Count == 0)
        {
            return string.Empty;
        }

        bool certified = models.SelectMany(model => model.Samples).Any(sample => !sample.Certificate.IsEmpty);
        var page = new StringBuilder("<div class=\"wide\"><table class=\"gallery\"><thead><tr><td></td>");
        foreach (ReportedModel model in models)
        {
            page.Append($"<th scope=\"colgroup\" colspan=\"{(certified ? 3 : 2)}\" class=\"model\">{HtmlPage.Text(model.Name)}</th>");
        }

        page.Append("</tr><tr><th scope=\"col\">image</th>");
        foreach (ReportedModel _ in models)
        {
            page.Append("<th scope=\"col\" class=\"first\">its map</th><th scope=\"col\">its map after the attack</th>");
            page.Append(certified ? "<th scope=\"col\">what is proven</th>" : string.Empty);
        }

        page.Append("</tr></thead><tbody>");
        foreach (ReportedExample first in models[0].Samples)
        {
            string truth = first.TrueClass is null ? string.Empty : $"<br>true class {HtmlPage.Text(first.TrueClass)}";
            page.Append("<tr>").Append(Cell(Clean(first, SmallSide), $"{Identifier(first.Id)}{truth}"));
            foreach (ReportedExample? example in models.Select(model => model.Samples.FirstOrDefault(sample => sample.Id == first.Id)))
            {
                page.Append(example is null ? $"<td class=\"first\">–</td><td>–</td>{(certified ? "<td>–</td>" : string.Empty)}" : MapPair(example));
                page.Append(certified && example is not null ? Certificate(example) : string.Empty);
            }

            page.Append("</tr>");
        }

        page.Append("</tbody></table></div>").Append(ScaleNote());
        page.Append(certified
            ? "<p class=\"note\">Proven: green pixels are among the most salient under every perturbation within the radius, "
                + "black ones under none; of grey ones nothing is proven.</p>"
            : string.Empty);
        page.Append("<p class=\"note\">These are the first images of different classes among those measured, not chosen by what came of them.</p>");
        return page.ToString();
    }

    /// <summary>Each model's worst and best cases.</summary>
    public string RenderExtremes()
    {
        var gallery = new StringBuilder();
        foreach (ReportedModel model in report.Models.Where(model => model.Examples.Count > 0))
        {
            List<ReportedExample> ordered =
                [.. model.Examples.Where(example => !double.IsNaN(example.Similarity)).OrderBy(example => example.Similarity)];
            List<ReportedExample> worst = [.. ordered.Take(report.ExamplesAtEachEnd)];
            List<ReportedExample> best = [.. ordered.Skip(worst.Count).TakeLast(report.ExamplesAtEachEnd).Reverse()];
            Append(gallery, $"{model.Name}: the worst cases, where the attack bent the map most", worst);
            Append(gallery, $"{model.Name}: the best cases, where the map held", best);
        }

        return gallery.Length == 0
            ? string.Empty
            : $"{gallery}{ScaleNote()}<p class=\"note\">The perturbation is drawn around middle grey, magnified by the factor under it.</p>";
    }

    private void Append(StringBuilder gallery, string heading, List<ReportedExample> examples)
    {
        if (examples.Count == 0)
        {
            return;
        }

        gallery.Append($"<h3>{HtmlPage.Text(heading)}</h3><div class=\"wide\"><table class=\"gallery\"><thead><tr>");
        gallery.AppendJoin(string.Empty, Columns.Select(column => $"<th scope=\"col\">{column}</th>"));
        gallery.Append("</tr></thead><tbody>").AppendJoin(string.Empty, examples.Select(Row)).Append("</tbody></table></div>");
    }

    private string Row(ReportedExample example)
    {
        (DrawnImage perturbation, int factor) = Perturbation(example);
        string truth = example.TrueClass is null ? string.Empty : $"true class {HtmlPage.Text(example.TrueClass)}<br>";
        string numbers = string.Join("<br>", example.Numbers.Select(number => $"{HtmlPage.Text(number.Name)} {Number(number.Value)}"));
        return "<tr>"
            + Cell(Clean(example, Side), $"{Identifier(example.Id)}<br>{truth}{Says(example.Prediction)}")
            + Cell(Map(example, attacked: false, Side), string.Empty)
            + Cell(Image(Pixels(example, example.AttackedImage), $"attacked image {example.Id}", Side), Says(example.AttackedPrediction))
            + Cell(Image(perturbation, $"perturbation of image {example.Id}, magnified {factor} times", Side), $"× {factor}")
            + Cell(Map(example, attacked: true, Side), string.Empty)
            + $"<td class=\"numbers\">{numbers}</td></tr>";
    }

    private string MapPair(ReportedExample example)
    {
        string numbers = example.Numbers.Count == 0 ? string.Empty : double.IsNaN(example.Numbers[0].Value)
            ? "the attack found no copy that keeps the answer"
            : string.Join("<br>", example.Numbers.Take(2).Select(number => $"{HtmlPage.Text(number.Name)} {Number(number.Value)}"));
        return Cell(Map(example, attacked: false, SmallSide), Says(example.Prediction), "first")
            + Cell(Map(example, attacked: true, SmallSide), numbers);
    }

    private static string Certificate(ReportedExample example)
    {
        if (example.Certificate.IsEmpty)
        {
            return "<td>–</td>";
        }

        ReadOnlySpan<float> labels = example.Certificate.Span;
        double share = 1 - ((double)labels.Count(0f) / labels.Length);
        string drawn = Image(DrawnImage.OfCertificate(labels, example.Height, example.Width), $"certificate of image {example.Id}", SmallSide);
        return Cell(drawn, $"{RobustnessReport.Percent(share)} of the pixels");
    }

    private string Map(ReportedExample example, bool attacked, int side)
    {
        ReadOnlySpan<float> map = attacked ? example.AttackedMap.Span : example.Map.Span;
        string alternative = attacked ? $"map of the attacked image {example.Id}" : $"map of image {example.Id}";
        double scale = SaliencyImage.ClipValue(example.Map.Span); // of both maps: that of the one before the attack
        return Image(DrawnImage.OfMap(map, example.Height, example.Width, scale, Colors), alternative, side);
    }

    /// <summary>The colour bar, and what its ends stand for.</summary>
    private string ScaleNote()
    {
        string bar = Png(DrawnImage.OfColors(Colors, BarWidth), $"colour bar, {Colors.Name}", BarWidth, 12);
        (string low, string high) = signed ? ("−s (speaks against)", "s (speaks for)") : ("0 (does not matter)", "s (matters most)");
        return $"<p class=\"note bar\"><span>{low}</span>{bar}<span>{high}</span></p>"
            + "<p class=\"note\">The map before and the map after the attack share one colour scale: s is the "
            + $"{ChartStyle.Number(SaliencyImage.DefaultClipPercentile)}th percentile of the magnitudes of the map before; "
            + "larger values have the last colour.</p>";
    }

    // A path breaks behind its folders rather than within a name.
    private static string Identifier(string id) => HtmlPage.Text(id).Replace("/", "/<wbr>", StringComparison.Ordinal);

    private static string Says((string Class, double Probability) prediction)
        => $"predicted {HtmlPage.Text(prediction.Class)}, {RobustnessReport.Percent(prediction.Probability)}";

    private static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Cell(string image, string caption, string? style = null)
        => $"<td{(style is null ? string.Empty : $" class=\"{style}\"")}>{image}<div class=\"caption\">{caption}</div></td>";

    private static string Clean(ReportedExample example, int side) => Image(Pixels(example, example.Image), $"image {example.Id}", side);

    private static DrawnImage Pixels(ReportedExample example, ReadOnlyMemory<float> image)
        => DrawnImage.OfImage(image.Span, example.Channels, example.Height, example.Width);

    private static bool IsSigned(ReportedExample example) => DrawnImage.IsSigned(example.Map.Span) || DrawnImage.IsSigned(example.AttackedMap.Span);

    /// <summary>What the attack added, magnified as far as it fits around middle grey.</summary>
    private static (DrawnImage Drawn, int Factor) Perturbation(ReportedExample example)
    {
        float[] difference = new float[example.Image.Length];
        for (int i = 0; i < difference.Length; i++)
        {
            difference[i] = example.AttackedImage.Span[i] - example.Image.Span[i];
        }

        double largest = SaliencyImage.LargestMagnitude(difference);
        int factor = largest > 0 ? Math.Max(1, (int)Math.Floor(0.5 / largest)) : 1;
        return (DrawnImage.OfDifference(difference, example.Channels, example.Height, example.Width, factor), factor);
    }

    private static string Image(DrawnImage drawn, string alternative, int side)
    {
        double scale = (double)side / Math.Max(drawn.Width, drawn.Height);
        return Png(drawn, alternative, Math.Round(drawn.Width * scale), Math.Round(drawn.Height * scale));
    }

    private static string Png(DrawnImage drawn, string alternative, double width, double height)
        => $"<img src=\"data:image/png;base64,{Convert.ToBase64String(drawn.ToPng())}\" alt=\"{HtmlPage.Text(alternative)}\" "
            + $"width=\"{width}\" height=\"{height}\">";
}
