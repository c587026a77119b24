using System.CommandLine;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Examples;
using RobustAttribution.Examples.AttackAnExplanation;
using RobustAttribution.MLNet;
using Spectre.Console;

// Attacks the explanations of a saved model: the pictures change by less than an eye can see, the answers stay, the maps do not.
Option<string> modelOption = SharedOptions.Model();
Option<string?> picturesOption = SharedOptions.Pictures("Folder of pictures (PNG, JPEG, BMP), directly or in sub-folders.");
Option<string?> dataOption = SharedOptions.Data(", where --pictures is not given");
Option<bool> downloadOption = SharedOptions.Download();
Option<int> countOption = CommandLine.Whole("--count", "Pictures to attack, evenly spaced over the folder.", 6, 1, 200);
Option<string> attackOption = CommandLine.Named("--attack", "The attack.", Attacks.Names);
Option<int> epsilonOption = CommandLine.Whole("--epsilon", "How far each value of a picture may move, in 1/255.", 8, 0, 255);
Option<int> stepsOption = CommandLine.Whole("--steps", "Steps of the attack.", 50, 1, 10_000);
Option<string> outputOption = CommandLine.Path("--output", "The PNG file to write.", Path.Combine("artifacts", "attack", "before-and-after.png"));
var command = new RootCommand("Attacks the explanations of a saved model and writes a sheet of pictures and maps before and after.")
{
    modelOption, picturesOption, dataOption, downloadOption, countOption, attackOption, epsilonOption, stepsOption, outputOption,
};
command.Runs((parsed, cancellation) =>
{
    IAnsiConsole console = Terminal.Output;
    var context = new MLContext(1);
    using SavedClassifier model = SavedClassifier.Load(context, parsed.GetValue(modelOption)!);
    ModelPictures pictures = ModelPictures.Open(
        context,
        model,
        parsed.GetValue(picturesOption),
        () => new FashionMnistFiles(console).Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation),
        parsed.GetValue(countOption),
        needLabels: false);
    IAttributionAttack attack = Attacks.Find(parsed.GetValue(attackOption)!, parsed.GetValue(epsilonOption), parsed.GetValue(stepsOption));
    string score = model.Classifier.ScoreColumnName;

    // Map of the picture, attack, map of the attacked picture: three transforms of one pipeline.
    const int Batch = 8; // small, so that the bar moves
    IDataView scored = model.Model.Transform(pictures.View);
    // What ML.NET brings itself comes before: a transform of it after ours would read all rows ahead, and the bar would jump from nothing to the end.
    var pipeline = context.Transforms.CopyColumns("Probabilities", score)
        .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { OutputColumnName = "Map", SeenImageColumnName = "Seen", ScoreColumnName = score, BatchSize = Batch }))
        .Append(context.Transforms.AttributionAttack(new AttributionAttackEstimator.Options { Attack = attack, ScoreColumnName = score, OutputColumnName = "AttackedImage", BatchSize = Batch }))
        .Append(context.Transforms.Saliency(new SaliencyEstimator.Options { ImageColumnName = "AttackedImage", OutputColumnName = "AttackedMap", ScoreColumnName = score, BatchSize = Batch }));
    IDataView attacked = pipeline.Fit(scored).Transform(scored);

    List<Attacked> rows = new WorkDisplay(console).Run(
        $"Attacking the explanations of {pictures.Ids.Count} pictures",
        tell => context.Data.CreateEnumerable<Attacked>(new WatchedRows(attacked, pictures.Ids.Count, share => tell(share, parsed.GetValue(attackOption)!), cancellation), reuseRowObject: false).ToList());

    string path = parsed.GetValue(outputOption)!;
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    BeforeAndAfter.Save(path, model, pictures, rows, $"{parsed.GetValue(attackOption)} attack, {parsed.GetValue(stepsOption)} steps, no value moves by more than {parsed.GetValue(epsilonOption)}/255");
    console.Write(BeforeAndAfter.Table(model, pictures, rows));
    console.WriteLine($"Written: {path}");
    return 0;
});
return await CommandLine.InvokeAsync(command, args);
