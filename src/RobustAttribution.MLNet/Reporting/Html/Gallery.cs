using System.Globalization;
using System.Text;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>The pictures of a report: each model's worst and best cases, one row a picture, both maps of a row on one scale.</summary>
internal static class Gallery
{
    /// <summary>Drawn size of a picture's longer side, pixels.</summary>
    private const int Side = 128;

    /// <summary>The share of map values that are drawn unclipped: one bright pixel does not darken the rest.</summary>
    private const double Percentile = 0.995;

    public static string Render(RobustnessReport report)
    {
        var gallery = new StringBuilder();
        foreach (ReportedModel model in report.Models.Where(model => model.Examples.Count > 0))
        {
            List<ReportedExample> ordered = [.. model.Examples.OrderBy(example => double.IsNaN(example.Similarity) ? double.PositiveInfinity : example.Similarity)];
            List<ReportedExample> worst = [.. ordered.Take(report.ExamplesAtEachEnd)];
            List<ReportedExample> best = [.. ordered.Skip(worst.Count).TakeLast(report.ExamplesAtEachEnd).Reverse()];
            Append(gallery, $"{model.Name}: worst cases", worst);
            Append(gallery, $"{model.Name}: best cases", best);
        }

        if (gallery.Length > 0)
        {
            gallery.Append("<p class=\"note\">Both maps of a row have one colour scale, from 0 (for signed maps: from −s) to s, s the ");
            gallery.Append(ChartStyle.Number(Percentile * 100)).Append("th percentile of the magnitudes of the clean map; larger values have the last colour. ");
            gallery.Append("The perturbation is drawn around middle grey, magnified by the factor under it.</p>");
        }

        return gallery.ToString();
    }

    private static void Append(StringBuilder gallery, string heading, List<ReportedExample> examples)
    {
        if (examples.Count == 0)
        {
            return;
        }

        gallery.Append($"<h3>{HtmlPage.Text(heading)}</h3><div class=\"wide\"><table class=\"gallery\"><thead><tr>");
        foreach (string column in new[] { "picture", "its map", "attacked picture", "perturbation", "map after the attack", "numbers" })
        {
            gallery.Append($"<th scope=\"col\">{column}</th>");
        }

        gallery.Append("</tr></thead><tbody>").AppendJoin(string.Empty, examples.Select(Row)).Append("</tbody></table></div>");
    }

    private static string Row(ReportedExample example)
    {
        double scale = ScaleOf(example.Map.Span);
        (Func<int, int, (byte, byte, byte)> perturbation, int magnified) = PerturbationPainter(example);
        string truth = example.TrueClass is null ? string.Empty : $"true class {HtmlPage.Text(example.TrueClass)}<br>";
        ColorMap colors = example.Map.Span.ContainsAnyInRange(float.MinValue, -float.Epsilon) ? ColorMap.CoolWarm : ColorMap.Inferno;
        return "<tr>"
            + Picture(example, SaliencyImage.PicturePainter(example.Image.Span, example.Channels, example.Height, example.Width), $"picture {example.Id}", $"{HtmlPage.Text(example.Id)}<br>{truth}{Says(example.Prediction)}")
            + Picture(example, SaliencyImage.MapPainter(example.Map.Span, example.Height, example.Width, scale, colors), $"map of picture {example.Id}", string.Empty)
            + Picture(example, SaliencyImage.PicturePainter(example.AttackedImage.Span, example.Channels, example.Height, example.Width), $"attacked picture {example.Id}", Says(example.AttackedPrediction))
            + Picture(example, perturbation, $"perturbation of picture {example.Id}, magnified {magnified} times", $"× {magnified}")
            + Picture(example, SaliencyImage.MapPainter(example.AttackedMap.Span, example.Height, example.Width, scale, colors), $"map of the attacked picture {example.Id}", string.Empty)
            + $"<td class=\"numbers\">{string.Join("<br>", example.Numbers.Select(number => $"{HtmlPage.Text(number.Name)} {number.Value.ToString("0.000", CultureInfo.InvariantCulture)}"))}</td></tr>";
    }

    private static string Says((string Class, double Probability) prediction) => $"predicted {HtmlPage.Text(prediction.Class)}, {RobustnessReport.Percent(prediction.Probability)}";

    private static string Picture(ReportedExample example, Func<int, int, (byte, byte, byte)> colorAt, string alternative, string caption)
    {
        var canvas = new Canvas(example.Width, example.Height, (0, 0, 0));
        canvas.Draw(0, 0, example.Width, example.Height, example.Width, example.Height, colorAt);
        double scale = (double)Side / Math.Max(example.Width, example.Height);
        return $"<td><img src=\"data:image/png;base64,{Convert.ToBase64String(PngEncoder.Encode(canvas))}\" alt=\"{HtmlPage.Text(alternative)}\" "
            + $"width=\"{Math.Round(example.Width * scale)}\" height=\"{Math.Round(example.Height * scale)}\"><div class=\"caption\">{caption}</div></td>";
    }

    /// <summary>The scale of a row's maps: a high percentile of the clean map's magnitudes, its largest one where that is 0.</summary>
    private static double ScaleOf(ReadOnlySpan<float> map)
    {
        float[] magnitudes = new float[map.Length];
        for (int i = 0; i < map.Length; i++)
        {
            magnitudes[i] = Math.Abs(map[i]);
        }

        Array.Sort(magnitudes);
        float percentile = magnitudes[(int)(Percentile * (magnitudes.Length - 1))];
        return percentile > 0 ? percentile : magnitudes[^1];
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

        return (SaliencyImage.PicturePainter(difference, example.Channels, example.Height, example.Width), magnification);
    }
}
