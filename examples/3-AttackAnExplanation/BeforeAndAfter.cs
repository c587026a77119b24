using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples.AttackAnExplanation;

/// <summary>Shows attacked images: as a sheet of images and maps, and as a table of numbers.</summary>
internal static class BeforeAndAfter
{
    public static void Save(string path, SavedClassifier model, ModelImages images, IReadOnlyList<Attacked> rows, string attack)
    {
        string clip = string.Create(CultureInfo.InvariantCulture, $"{SaliencyImage.DefaultClipPercentile}th percentile");
        var sheet = new ContactSheet("The answer stays, the explanation does not")
        {
            Subtitles =
            [
                $"Attack: {attack}. Copies that change the answer do not count.",
                $"The map before and the map after share one colour scale, clipped at the {clip} of the map before.",
            ],
            Columns = ["image", "its map", "attacked image", "perturbation", "map after"],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {clip}"),
        };
        (int channels, int height, int width) = (model.Input.Channels, model.Input.Height, model.Input.Width);
        foreach ((int index, Attacked row) in rows.Index())
        {
            float range = row.Seen.Max() > 1 ? 255 : 1;
            float[] image = [.. row.Seen.Select(value => value / range)];
            float[] attacked = [.. row.AttackedImage.Select(value => value / range)];
            float[] difference = [.. attacked.Zip(image, (after, before) => after - before)];
            float moved = difference.Max(Math.Abs);
            int factor = moved > 0 ? Math.Max(1, (int)(0.5 / moved)) : 1;
            double scale = SaliencyImage.ClipValue(row.Map);
            string[] numbers = row.AttackValid ? [$"top-100 {Number(row.TopKIntersection)}", $"Kendall τ {Number(row.KendallTau)}"] : ["no copy keeps the answer"];
            string answer = Answer(model, row.Probabilities);
            sheet.Add(
                images.Ids[index],
                [
                    ContactSheetCell.Image(image, channels, height, width, answer),
                    ContactSheetCell.Map(row.Map, height, width, scale, ColorMap.Inferno),
                    ContactSheetCell.Image(attacked, channels, height, width, row.AttackValid ? "the same answer" : "unchanged"),
                    ContactSheetCell.Perturbation(difference, channels, height, width, factor, $"× {factor}"),
                    ContactSheetCell.Map(row.AttackedMap, height, width, scale, ColorMap.Inferno, numbers),
                ]);
        }

        using MLImage page = sheet.Render();
        page.Save(path);
    }

    public static Table Table(SavedClassifier model, ModelImages images, IReadOnlyList<Attacked> rows)
    {
        var table = new Table().AddColumns("image", "answer", "top-100 intersection", "Kendall τ");
        foreach ((int index, Attacked row) in rows.Index())
        {
            table.AddRow(
                Markup.Escape(images.Ids[index]),
                Markup.Escape(Answer(model, row.Probabilities)),
                row.AttackValid ? Number(row.TopKIntersection) : "no copy keeps the answer",
                row.AttackValid ? Number(row.KendallTau) : string.Empty);
        }

        return table.Caption("1: the map is as before the attack");
    }

    private static string Answer(SavedClassifier model, float[] probabilities)
    {
        int best = Array.IndexOf(probabilities, probabilities.Max());
        return $"{model.ClassNames[best]} {probabilities[best].ToString("0 %", CultureInfo.InvariantCulture)}";
    }

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}

/// <summary>A row, as ML.NET fills it in.</summary>
internal sealed class Attacked
{
    public float[] Probabilities { get; set; } = [];

    public float[] Seen { get; set; } = [];

    public float[] Map { get; set; } = [];

    public float[] AttackedImage { get; set; } = [];

    public float[] AttackedMap { get; set; } = [];

    public bool AttackValid { get; set; }

    public float TopKIntersection { get; set; }

    public float KendallTau { get; set; }
}
