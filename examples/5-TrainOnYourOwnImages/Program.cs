using System.CommandLine;
using Microsoft.ML;
using RobustAttribution.Examples;
using RobustAttribution.Examples.TrainOnYourOwnImages;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using Spectre.Console;

// The ten-minute start: a folder with one sub-folder for each class becomes a classifier with robust explanations, and a report about it.
var folderArgument = new Argument<string>("folder") { Description = "Folder with one sub-folder of images (PNG, JPEG, BMP) for each class." };
Option<int> epochsOption = CommandLine.Whole("--epochs", "Passes over the training images.", 30, 1, 10_000);
Option<int> batchOption = CommandLine.Whole("--batch", "Images in each training step.", 16, 1, 4096);
Option<int> sizeOption = CommandLine.Whole("--size", "Width and height that images are brought to; time grows with its square.", 32, 16, 512);
Option<bool> greyOption = new("--grey") { Description = "Takes the images as grey: a third of the numbers, and no colour in what an attack adds." };
Option<string> networkOption = CommandLine.Named("--network", "The architecture: small trains in minutes without a GPU, resnet18 wants thousands of images and a GPU.", ["small", "resnet18"]);
Option<string> objectiveOption = CommandLine.Named("--objective", "What makes the explanations robust; plain is ordinary training.", TrainingPlan.Objectives);
Option<bool> compareOption = new("--compare") { Description = "Trains a plain network too and puts both into the report: twice the time." };
Option<int> seedOption = CommandLine.Whole("--seed", "Decides every random draw.", 1, 0, int.MaxValue);
Option<int> countOption = CommandLine.Whole("--report-images", "Test images that the report attacks.", 60, 1, 100_000);
Option<string> outputOption = SharedOptions.Output("Folder for model.zip and report.html.", "own");
var command = new RootCommand("Trains a classifier with robust explanations on your own images, and writes a report about it.")
{
    folderArgument, epochsOption, batchOption, sizeOption, greyOption, networkOption, objectiveOption, compareOption, seedOption, countOption, outputOption,
};
command.Runs((parsed, cancellation) =>
{
    IAnsiConsole console = Terminal.Output;
    int seed = parsed.GetValue(seedOption);
    var context = new MLContext(seed);
    var images = new OwnImages(context, parsed.GetValue(folderArgument)!, seed);
    console.MarkupLineInterpolated($"{images.ClassNames.Count} classes: {string.Join(", ", images.ClassNames)}");
    console.MarkupLineInterpolated($"{images.TrainingCount} images to train on, {images.ValidationCount} to choose the best epoch by, {images.TestCount} for the report.");
    string output = parsed.GetValue(outputOption)!;
    Directory.CreateDirectory(output);

    var plan = new TrainingPlan(parsed.GetValue(epochsOption), parsed.GetValue(batchOption), parsed.GetValue(sizeOption), parsed.GetValue(greyOption) ? 1 : 3, parsed.GetValue(networkOption)!, seed);
    List<(string Name, ITransformer Model)> models = [];
    try
    {
        string objective = parsed.GetValue(objectiveOption)!;
        models.Add((objective, Train(objective, "model.zip")));
        if (parsed.GetValue(compareOption) && objective != TrainingPlan.Plain)
        {
            models.Add((TrainingPlan.Plain, Train(TrainingPlan.Plain, "plain.zip")));
        }

        RobustnessReport report = new WorkDisplay(console).Run("Attacking the explanations", tell => context.MulticlassClassification.RobustnessReport(models, images.Test, new RobustnessReportOptions
        {
            DataName = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetValue(folderArgument)!))),
            MaximumImages = parsed.GetValue(countOption),
            Seed = seed,
            Progress = new ReportProgress(tell),
            CancellationToken = cancellation,
        }));
        string page = Path.Combine(output, "report.html");
        report.Save(page);
        console.Write(ReportTable.Of(report));
        console.WriteLine($"Written: {page} (open it in a browser)");
        return 0;
    }
    finally
    {
        models.ForEach(entry => (entry.Model as IDisposable)?.Dispose());
    }

    ITransformer Train(string objective, string file)
    {
        RobustAttributionModelTransformer classifier = new TrainingDisplay(console).Run(
            $"{plan.Network}, {objective}", report => context.Transforms.RobustImageClassification(plan.Options(objective, images, report, cancellation)).Fit(images.Training));
        ITransformer model = classifier.Append(context.Transforms.Saliency().Fit(classifier.Transform(images.Training)));
        string path = Path.Combine(output, file);
        context.Model.Save(model, images.Training.Schema, path);
        string weights = classifier.Training!.WeightsEpoch is { } epoch ? $"the weights of epoch {epoch}" : "the weights of an unfinished epoch";
        console.WriteLine($"Written: {path}, with {weights}");
        string onnx = Path.ChangeExtension(path, ".onnx");
        using (FileStream stream = File.Create(onnx))
        {
            context.Model.ConvertToOnnx(model, stream);
        }

        console.WriteLine($"Written: {onnx}, the same scores and maps for ONNX Runtime (example 7)");
        cancellation.ThrowIfCancellationRequested(); // after what there is was kept
        return model;
    }
});
return await CommandLine.InvokeAsync(command, args);
