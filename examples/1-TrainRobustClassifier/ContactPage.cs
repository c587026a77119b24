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
                "top-100: share of the 100 most important pixels that stay so; Kendall τ: agreement of the order of all pixels (1 is best).",
            ],
            ColumnGroups = [(null, 1), .. outcomes.Select(outcome => (Heading(outcome.Contestant), 3))],
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

        static string? Heading(Contestant contestant) => $"{contestant.Name}: {contestant.Network}";
    }

    /// <summary>
    /// The first test images of different classes that every model gets right and whose attack was valid; the first image where there is none.
    /// </summary>
    private static IEnumerable<int> Chosen(IReadOnlyList<Outcome> outcomes)
    {
        int count = outcomes[0].Images.Count;
        List<int> usable = [.. Enumerable.Range(0, count).Where(row => outcomes.All(outcome => IsUsable(outcome.Images[row])))];
        return usable.DistinctBy(row => outcomes[0].Images[row].LabelName).Concat(usable).Distinct().DefaultIfEmpty(0).Take(Rows);

        static bool IsUsable(AttackedRow image) => image.AttackValid && image.PredictedLabel == image.LabelName;
    }

    private static IEnumerable<ContactSheetCell> Cells(AttackedRow image)
    {
        double scale = SaliencyImage.ClipValue(image.Saliency);
        string answer = $"{image.PredictedLabel} {image.Score.Max().ToString("0 %", CultureInfo.InvariantCulture)}";
        yield return ContactSheetCell.Map(image.Saliency, Side, Side, scale, ColorMap.Inferno, answer);
        yield return Image(image.AttackedImage, image.ImageCaptions());
        yield return ContactSheetCell.Map(image.AttackedSaliency, Side, Side, scale, ColorMap.Inferno, image.MapCaptions());
    }

    private static ContactSheetCell Image(float[] pixels, params string[] captions)
        => ContactSheetCell.Image([.. pixels.Select(value => value / 255)], 1, Side, Side, captions);
}
