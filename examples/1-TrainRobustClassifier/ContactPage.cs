using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>The image to show to someone: test images with their maps before and after the attack, for both models.</summary>
internal static class ContactPage
{
    private const int Side = 28;
    private const int Rows = 6;
    private static readonly string Clip = string.Create(CultureInfo.InvariantCulture, $"{SaliencyImage.DefaultClipPercentile}th percentile");
    private static readonly string[] Headings = ["map", "attacked image", "its map"];

    public static void Save(string path, IReadOnlyList<Outcome> outcomes, DemoOptions options)
    {
        var sheet = new ContactSheet("What the classifiers look at, before and after an invisible attack")
        {
            Subtitles =
            [
                "Fashion-MNIST test images; map = |gradient of the predicted class|, brighter = more important.",
                $"Both maps of an image and a model share one scale, clipped at the {Clip} of the map before the attack.",
                "Attack: top-k attack (k = 100), 50 steps, no pixel moves by more than 8/255; the prediction stays.",
                "top-100: share of the 100 most important pixels that stay so; Kendall τ: agreement of the order of all pixels (1 is best for both).",
            ],
            ColumnGroups = [(null, 1), .. outcomes.Select(outcome => ((string?)$"trained with {outcome.Contestant.Name}, {outcome.Contestant.Activation}", 3))],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {Clip}"),
            Columns = ["image", .. outcomes.SelectMany(_ => Headings)],
        };
        foreach (int row in Chosen(outcomes))
        {
            AttackedRow image = outcomes[0].Images[row];
            sheet.Add(image.LabelName, [Image(image.Image, $"test image {row}"), .. outcomes.SelectMany(outcome => Cells(outcome.Images[row]))]);
        }

        using MLImage page = sheet.Render();
        page.Save(path);
    }

    /// <summary>The first test images of different classes that every model gets right and whose attack was valid.</summary>
    private static IEnumerable<int> Chosen(IReadOnlyList<Outcome> outcomes)
    {
        int count = outcomes[0].Images.Count;
        List<int> usable = [.. Enumerable.Range(0, count).Where(row => outcomes.All(outcome => outcome.Images[row].AttackValid && outcome.Images[row].PredictedLabel == outcome.Images[row].LabelName))];
        return usable.DistinctBy(row => outcomes[0].Images[row].LabelName).Concat(usable).Distinct().DefaultIfEmpty(0).Take(Rows);
    }

    private static IEnumerable<ContactSheetCell> Cells(AttackedRow image)
    {
        double scale = SaliencyImage.ClipValue(image.Saliency);
        yield return ContactSheetCell.Map(image.Saliency, Side, Side, scale, ColorMap.Inferno, $"{image.PredictedLabel} {Percent(image.Score.Max())}");
        yield return Image(image.AttackedImage, $"still {image.PredictedLabel}");
        yield return ContactSheetCell.Map(
            image.AttackedSaliency, Side, Side, scale, ColorMap.Inferno, $"top-100 {Number(image.TopKIntersection)}", $"Kendall τ {Number(image.KendallTau)}");
    }

    private static ContactSheetCell Image(float[] pixels, string caption) => ContactSheetCell.Image([.. pixels.Select(value => value / 255)], 1, Side, Side, caption);

    private static string Percent(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
