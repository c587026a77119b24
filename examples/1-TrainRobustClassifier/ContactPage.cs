using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Reporting;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>The picture to show to someone: test pictures with their maps before and after the attack, for both models.</summary>
internal static class ContactPage
{
    private const int Side = 28;
    private const int Rows = 6;
    private static readonly string Clip = string.Create(CultureInfo.InvariantCulture, $"{SaliencyImage.DefaultClipPercentile}th percentile");
    private static readonly string[] Headings = ["map", "attacked picture", "its map"];

    public static void Save(string path, IReadOnlyList<Outcome> outcomes, DemoOptions options)
    {
        var sheet = new ContactSheet("What the classifiers look at, before and after an invisible attack")
        {
            Subtitles =
            [
                "Fashion-MNIST test pictures; map = |gradient of the predicted class|, brighter = more important.",
                $"Both maps of a picture and a model share one scale, clipped at the {Clip} of the map before the attack.",
                "Attack: top-k attack (k = 100), 50 steps, no pixel moves by more than 8/255; the prediction stays.",
                "top-100: share of the 100 most important pixels that stay so; Kendall τ: agreement of the order of all pixels (1 is best for both).",
            ],
            ColumnGroups = [(null, 1), .. outcomes.Select(outcome => ((string?)$"trained with {outcome.Contestant.Name}, {outcome.Contestant.Activation}", 3))],
            ColorBar = new ColorBar(ColorMap.Inferno, "0", $"≥ {Clip}"),
            Columns = ["picture", .. outcomes.SelectMany(_ => Headings)],
        };
        foreach (int row in Chosen(outcomes))
        {
            AttackedPicture picture = outcomes[0].Pictures[row];
            sheet.Add(picture.LabelName, [Picture(picture.Image, $"test picture {row}"), .. outcomes.SelectMany(outcome => Cells(outcome.Pictures[row]))]);
        }

        using MLImage page = sheet.Render();
        page.Save(path);
    }

    /// <summary>The first test pictures of different classes that every model gets right and whose attack was valid.</summary>
    private static IEnumerable<int> Chosen(IReadOnlyList<Outcome> outcomes)
    {
        int count = outcomes[0].Pictures.Count;
        List<int> usable = [.. Enumerable.Range(0, count).Where(row => outcomes.All(outcome => outcome.Pictures[row].AttackValid && outcome.Pictures[row].PredictedLabel == outcome.Pictures[row].LabelName))];
        return usable.DistinctBy(row => outcomes[0].Pictures[row].LabelName).Concat(usable).Distinct().DefaultIfEmpty(0).Take(Rows);
    }

    private static IEnumerable<ContactSheetCell> Cells(AttackedPicture picture)
    {
        double scale = SaliencyImage.ClipValue(picture.Saliency);
        yield return ContactSheetCell.Map(picture.Saliency, Side, Side, scale, ColorMap.Inferno, $"{picture.PredictedLabel} {Percent(picture.Score.Max())}");
        yield return Picture(picture.AttackedImage, $"still {picture.PredictedLabel}");
        yield return ContactSheetCell.Map(
            picture.AttackedSaliency, Side, Side, scale, ColorMap.Inferno, $"top-100 {Number(picture.TopKIntersection)}", $"Kendall τ {Number(picture.KendallTau)}");
    }

    private static ContactSheetCell Picture(float[] pixels, string caption) => ContactSheetCell.Picture([.. pixels.Select(value => value / 255)], 1, Side, Side, caption);

    private static string Percent(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
