using System.CommandLine;
using Microsoft.ML;
using RobustAttribution.Certificates;
using RobustAttribution.Examples;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet;
using Spectre.Console;

// Compares saved models: attacks them all on the same images and writes one page about what came of it.
var modelsArgument = new Argument<string[]>("models")
{
    Description = "The model.zip files to compare, one or more, trained on the same classes.",
    Arity = ArgumentArity.OneOrMore,
};
Option<string[]> namesOption = new("--names") { Description = "What the report calls the models, in the same order. Without it: the names of their files and folders.", AllowMultipleArgumentsPerToken = true };
Option<string?> imagesOption = SharedOptions.Images("Folder of test images with one sub-folder for each class.");
Option<string?> dataOption = SharedOptions.Data(", where --images is not given");
Option<bool> downloadOption = SharedOptions.Download();
Option<int> countOption = CommandLine.Whole("--count", "Images to measure on, evenly spaced.", 100, 1, 100_000);
Option<bool> worstCaseOption = new("--worst-case") { Description = "Also the worst of many attacks on each image: about ten times as long." };
Option<bool> certifyOption = new("--certify") { Description = "Also which pixels are proven to stay important, or not to be, under any small perturbation." };
Option<Shard?> shardOption = new("--shard")
{
    Description = "Measure one part only, e.g. 0/4 to 3/4 in four jobs, and write it beside the report.",
    CustomParser = result =>
    {
        try
        {
            return Shard.Parse(result.Tokens[0].Value);
        }
        catch (FormatException exception)
        {
            result.AddError($"--shard: {exception.Message}");
            return null;
        }
    },
};
Option<bool> mergeOption = new("--merge") { Description = "Measure nothing, and make the report from the parts of all jobs." };
Option<string> outputOption = CommandLine.Path("--output", "The HTML file to write.", Path.Combine("artifacts", "report.html"));
var command = new RootCommand("Compares how robust the explanations of saved models are, and writes a self-contained HTML report.")
{
    modelsArgument, namesOption, imagesOption, dataOption, downloadOption, countOption, worstCaseOption, certifyOption, shardOption, mergeOption, outputOption,
};
command.Runs((parsed, cancellation) =>
{
    IAnsiConsole console = Terminal.Output;
    string[] paths = parsed.GetValue(modelsArgument)!;
    string[] names = parsed.GetValue(namesOption) is { Length: > 0 } given ? given : [.. paths.Select(Name)];
    if (names.Length != paths.Length || names.Distinct().Count() != names.Length)
    {
        throw new ArgumentException($"--names gives {string.Join(", ", names)} for {paths.Length} models; as many different names are needed.");
    }

    if (parsed.GetValue(shardOption) is not null && parsed.GetValue(mergeOption))
    {
        throw new ArgumentException("--shard and --merge exclude each other: --shard measures a part, --merge makes the report once all parts are there.");
    }

    var context = new MLContext(1);
    List<SavedClassifier> models = [];
    try
    {
        models.AddRange(paths.Select(path => SavedClassifier.Load(context, path)));
        ModelImages images = ModelImages.Open(
            context,
            models[0],
            parsed.GetValue(imagesOption),
            () => new FashionMnistFiles(console).Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation),
            parsed.GetValue(countOption),
            needLabels: true);
        (string Name, ITransformer Model)[] named = [.. names.Zip(models, (name, model) => (name, (ITransformer)model.Model))];
        var options = new RobustnessReportOptions
        {
            DataName = images.Name,
            MaximumImages = images.Ids.Count,
            WorstCase = parsed.GetValue(worstCaseOption) ? new WorstCaseEvaluation() : null,
            Certificate = parsed.GetValue(certifyOption) ? new CertifiedSaliency() : null,
            ScoreColumnName = models[0].Classifier.ScoreColumnName,
            CancellationToken = cancellation,
        };
        string output = parsed.GetValue(outputOption)!, parts = output + ".parts";
        string title = $"Attacking {(models.Count == 1 ? "one model" : $"{models.Count} models")} on {images.Ids.Count} images";
        if (parsed.GetValue(shardOption) is { } shard)
        {
            MeasuredShard part = new WorkDisplay(console).Run($"{title}, part {shard}", tell => context.MulticlassClassification.MeasureRobustnessReport(
                named, images.View, options with { Progress = new ReportProgress(tell) }, shard));
            console.WriteLine($"Written: {part.Save(parts)}");
            return 0;
        }

        RobustnessReport report = parsed.GetValue(mergeOption)
            ? context.MulticlassClassification.MergeRobustnessReport(named, images.View, options, MeasuredShard.LoadAll(parts))
            : new WorkDisplay(console).Run(title, tell => context.MulticlassClassification.RobustnessReport(
                named, images.View, options with { Progress = new ReportProgress(tell) }));
        report.Save(output);
        console.Write(ReportTable.Of(report));
        console.WriteLine($"Written: {output} (open it in a browser)");
        return 0;
    }
    finally
    {
        models.ForEach(model => model.Dispose());
    }
});
return await CommandLine.InvokeAsync(command, args);

// artifacts/demo/model.zip is called demo: the files are mostly all named model.zip.
static string Name(string path)
{
    string file = Path.GetFileNameWithoutExtension(path);
    return file == "model" ? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? file : file;
}
