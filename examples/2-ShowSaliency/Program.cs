using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attributions;
using RobustAttribution.Examples;
using RobustAttribution.Examples.ShowSaliency;
using RobustAttribution.MLNet;
using Spectre.Console;

// Loads a saved model and shows what it looks at: for each image a sheet with the heat map, the overlay and the most salient pixels.
Option<string> modelOption = SharedOptions.Model();
Option<string?> imagesOption = SharedOptions.Images("Folder of images (PNG, JPEG, BMP), directly or in sub-folders.");
Option<string?> dataOption = SharedOptions.Data(", where --images is not given");
Option<bool> downloadOption = SharedOptions.Download();
Option<int> countOption = CommandLine.Whole("--count", "Images to explain, evenly spaced over the folder.", 12, 1, 10_000);
Option<string> methodOption = CommandLine.Named("--method", "The attribution.", Methods.Names);
Option<string> outputOption = SharedOptions.Output("Folder for the images.", "saliency");
var command = new RootCommand("Loads a saved model and writes what it looks at: heat maps, overlays and the most salient pixels of images in a folder.")
{
    modelOption, imagesOption, dataOption, downloadOption, countOption, methodOption, outputOption,
};
command.Runs((parsed, cancellation) =>
{
    IAnsiConsole console = Terminal.Output;
    var context = new MLContext(1);
    using SavedClassifier model = SavedClassifier.Load(context, parsed.GetValue(modelOption)!);
    ModelImages images = ModelImages.Open(
        context,
        model,
        parsed.GetValue(imagesOption),
        () => new FashionMnistFiles(console).Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation),
        parsed.GetValue(countOption),
        needLabels: false);
    string method = parsed.GetValue(methodOption)!;
    string output = parsed.GetValue(outputOption)!;
    Directory.CreateDirectory(output);

    IDataView scored = model.Model.Transform(images.View);
    if (model.Classifier.ScoreColumnName != "Score")
    {
        scored = context.Transforms.CopyColumns("Score", model.Classifier.ScoreColumnName).Fit(scored).Transform(scored);
    }

    var saliency = context.Transforms.Saliency(new SaliencyEstimator.Options
    {
        Method = Methods.Find(method),
        OutputColumnName = "Map",
        SeenImageColumnName = "Seen",
        BatchSize = 8, // small, so that the bar moves
    });
    IDataView explained = saliency.Fit(scored).Transform(scored);
    List<(string Id, string Class, float Probability, string File)> written = new WorkDisplay(console).Run($"Explaining {images.Ids.Count} images with {method}", tell =>
    {
        List<(string, string, float, string)> done = [];
        foreach (Explained row in context.Data.CreateEnumerable<Explained>(explained, reuseRowObject: true))
        {
            cancellation.ThrowIfCancellationRequested();
            string id = images.Ids[done.Count];
            int best = Array.IndexOf(row.Score, row.Score.Max());
            string file = Path.Combine(output, string.Join('-', Path.ChangeExtension(id, null).Split('/', '\\')) + ".png");
            using MLImage sheet = Sheet(id, model, method, row, best);
            sheet.Save(file);
            done.Add((id, model.ClassNames[best], row.Score[best], file));
            tell((double)done.Count / images.Ids.Count, id);
        }

        return done;
    });

    var table = new Table().AddColumns("image", "predicted", "probability", "written");
    foreach ((string id, string predicted, float probability, string file) in written)
    {
        table.AddRow(Markup.Escape(id), Markup.Escape(predicted), probability.ToString("0.0 %", CultureInfo.InvariantCulture), Markup.Escape(file));
    }

    console.Write(table);
    return 0;
});
return await CommandLine.InvokeAsync(command, args);

static MLImage Sheet(string id, SavedClassifier model, string method, Explained row, int best)
{
    const double Share = 0.2;
    (int channels, int height, int width) = (model.Input.Channels, model.Input.Height, model.Input.Width);
    float range = row.Seen.Max() > 1 ? 255 : 1;
    float[] image = [.. row.Seen.Select(value => value / range)];
    bool signed = row.Map.Any(value => value < 0);
    double scale = SaliencyImage.ClipValue(row.Map);
    var sheet = new ContactSheet($"{id}: {model.ClassNames[best]}, {row.Score[best].ToString("0.0 %", CultureInfo.InvariantCulture)}")
    {
        Subtitles =
        [
            $"What the answer rests on, by {method}{(signed ? ": red speaks for it, blue against" : string.Empty)}.",
            $"Colours end at the {SaliencyImage.DefaultClipPercentile}th percentile of the map's magnitudes.",
        ],
        Columns = ["image", "map", "overlay", "most important fifth"],
        CellSize = 224,
        ColorBar = ColorBar.UpTo(signed ? ColorMap.BlueWhiteRed : ColorMap.Inferno, scale),
    };
    sheet.Add(
        string.Empty,
        [
            ContactSheetCell.Image(image, channels, height, width, $"{width} × {height} pixels"),
            ContactSheetCell.Map(row.Map, height, width, scale),
            ContactSheetCell.Overlay(image, channels, row.Map, height, width, scale),
            ContactSheetCell.Masked(image, channels, row.Map, height, width, Share),
        ]);
    return sheet.Render();
}

/// <summary>A row, as ML.NET fills it in.</summary>
internal sealed class Explained
{
    public float[] Score { get; set; } = [];

    public float[] Map { get; set; } = [];

    public float[] Seen { get; set; } = [];
}
