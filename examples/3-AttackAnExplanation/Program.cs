using System.CommandLine;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Examples;
using RobustAttribution.Examples.AttackAnExplanation;
using RobustAttribution.MLNet;
using Spectre.Console;

// Attacks the explanations of a saved model: the images change by less than an eye can see, the answers stay, the maps do not.
Option<string> modelOption = SharedOptions.Model();
Option<string?> imagesOption = SharedOptions.Images("Folder of images (PNG, JPEG, BMP), directly or in sub-folders.");
Option<string?> dataOption = SharedOptions.Data(", where --images is not given");
Option<bool> downloadOption = SharedOptions.Download();
Option<int> countOption = CommandLine.Whole("--count", "Images to attack, evenly spaced over the folder.", 6, 1, 200);
Option<string> attackOption = CommandLine.Named("--attack", "The attack.", Attacks.Names);
Option<int> epsilonOption = CommandLine.Whole("--epsilon", "How far each value of an image may move, in 1/255.", 8, 0, 255);
Option<int> stepsOption = CommandLine.Whole("--steps", "Steps of the attack.", 50, 1, 10_000);
Option<string> outputOption = CommandLine.Path("--output", "The PNG file to write.", Path.Combine("artifacts", "attack", "before-and-after.png"));
var command = new RootCommand("Attacks the explanations of a saved model and writes a sheet of images and maps before and after.")
{
    modelOption, imagesOption, dataOption, downloadOption, countOption, attackOption, epsilonOption, stepsOption, outputOption,
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
    IAttributionAttack attack = Attacks.Find(parsed.GetValue(attackOption)!, parsed.GetValue(epsilonOption), parsed.GetValue(stepsOption));
    string score = model.Classifier.ScoreColumnName;

    // Map of the image, attack, map of the attacked image: three transforms of one pipeline.
    const int Batch = 8; // small, so that the bar moves
    IDataView scored = model.Model.Transform(images.View);
    // What ML.NET brings itself comes before: a transform of it after ours would read all rows ahead, and the bar would jump from nothing to the end.
    var pipeline = context.Transforms.CopyColumns("Probabilities", score)
        .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { OutputColumnName = "Map", SeenImageColumnName = "Seen", ScoreColumnName = score, BatchSize = Batch }))
        .Append(context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = attack, ScoreColumnName = score, OutputColumnName = "AttackedImage", BatchSize = Batch }))
        .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { ImageColumnName = "AttackedImage", OutputColumnName = "AttackedMap", ScoreColumnName = score, BatchSize = Batch }));
    IDataView attacked = pipeline.Fit(scored).Transform(scored);

    List<Attacked> rows = new WorkDisplay(console).Run(
        $"Attacking the explanations of {images.Ids.Count} images",
        tell => context.Data.CreateEnumerable<Attacked>(new WatchedRows(attacked, images.Ids.Count, share => tell(share, parsed.GetValue(attackOption)!), cancellation), reuseRowObject: false).ToList());

    string path = parsed.GetValue(outputOption)!;
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    BeforeAndAfter.Save(path, model, images, rows, $"{parsed.GetValue(attackOption)} attack, {parsed.GetValue(stepsOption)} steps, no value moves by more than {parsed.GetValue(epsilonOption)}/255");
    console.Write(BeforeAndAfter.Table(model, images, rows));
    console.WriteLine($"Written: {path}");
    return 0;
});
return await CommandLine.InvokeAsync(command, args);
