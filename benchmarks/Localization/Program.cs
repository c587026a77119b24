using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Benchmarks;
using RobustAttribution.Examples;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using Spectre.Console;
using TorchSharp;

// Finds objects by saliency maps alone, ART's downstream task (Singh et al. 2020), on images whose boxes are known: trained with cross-entropy and with ART.
var seeds = new Option<int>("--seeds") { Description = "How many seeds, from 1.", DefaultValueFactory = _ => 2 };
var images = new Option<int>("--images") { Description = "Training images.", DefaultValueFactory = _ => 4_000 };
var epochs = new Option<int>("--epochs") { Description = "Passes over the training images with each objective.", DefaultValueFactory = _ => 2 };
var pretraining = new Option<int>("--pretraining") { Description = "Passes with cross-entropy that both trainings start from, as the paper's start from a pretrained network.", DefaultValueFactory = _ => 3 };
var tested = new Option<int>("--test-images") { Description = "Test images; half as many others choose the threshold.", DefaultValueFactory = _ => 1_000 };
var only = new Option<string?>("--only") { Description = "Measure this alone: start, cross-entropy or ART." };
var threads = new Option<int>("--threads") { Description = "Threads of libtorch.", DefaultValueFactory = _ => Environment.ProcessorCount };
Option<string?> data = SharedOptions.Data();
Option<bool> download = SharedOptions.Download();
var output = new Option<string>("--output") { Description = "The table to write, Markdown; a .json and a .png of the same name go beside it.", DefaultValueFactory = _ => Path.Combine("artifacts", "localization.md") };
var command = new RootCommand("Compares localisation by saliency maps after training with cross-entropy and with ART.")
{
    seeds, images, epochs, pretraining, tested, only, threads, data, download, output,
};
command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
return await CommandLine.InvokeAsync(command, args);

int Run(ParseResult parsed, CancellationToken cancellation)
{
    torch.set_num_threads(parsed.GetValue(threads));
    string folder = new FashionMnistFiles(Terminal.Output).Locate(parsed.GetValue(data), parsed.GetValue(download), cancellation);
    var results = new LocalizationTable(parsed.GetValue(output)!, $"dotnet run --project benchmarks/Localization -c Release -- {string.Join(' ', args)}");
    for (int seed = 1; seed <= parsed.GetValue(seeds); seed++)
    {
        List<(string, LocalizedModel)> shown = [];
        var context = new MLContext(seed);
        int count = parsed.GetValue(tested);
        IDataView training = Items(DatasetSplit.Train, 0, parsed.GetValue(images));
        IDataView validation = Items(DatasetSplit.Train, 24_000 - (count / 2), count / 2);
        IDataView test = Items(DatasetSplit.Test, 0, count);
        var watch = Stopwatch.StartNew();
        RobustAttributionModelTransformer start = Trainer(context, new CrossEntropy(), parsed.GetValue(pretraining), 2e-3, seed, cancellation).Fit(training);
        double startSeconds = watch.Elapsed.TotalSeconds;
        foreach ((string name, ITrainingObjective? objective) in new (string, ITrainingObjective?)[] { ("start", null), ("cross-entropy", new CrossEntropy()), ("ART", new SpatialAlignment()) })
        {
            if (parsed.GetValue(only) is { } wanted && wanted != name)
            {
                continue;
            }

            watch.Restart();
            RobustAttributionModelTransformer model = objective is null ? start : Trainer(context, objective, parsed.GetValue(epochs), 1e-3, seed, cancellation).Fit(training, start);
            double seconds = objective is null ? startSeconds : watch.Elapsed.TotalSeconds;
            var located = new LocalizedModel(context, model, test, validation);
            LocalizationMetrics metrics = located.Metrics;
            results.Add(new Run(name, seed, seconds, metrics));
            shown.Add((name, located));
            Terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}, seed {seed}: top-1 error {metrics.Top1Error:F3}, top-1 localisation {metrics.Top1Localization:F3}, GT-known {metrics.KnownClassLocalization:F3}, mean IoU {metrics.MeanOverlap:F3} at threshold {metrics.Threshold:F2}, trained in {seconds:F0} s"));
        }

        if (seed == 1)
        {
            ExamplePage.Save(Path.ChangeExtension(parsed.GetValue(output)!, ".png"), shown);
        }

        IDataView Items(DatasetSplit split, int skip, int items)
            => context.Data.LoadFromEnumerable(PastedItems.Make(context, folder, split, skip, items, seed));
    }

    return 0;
}

static RobustAttributionImageClassificationTrainer Trainer(MLContext context, ITrainingObjective objective, int epochs, double learningRate, int seed, CancellationToken cancellation)
    => context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
    {
        Network = new SmallConvNetArchitecture { FirstStageChannels = 8, SecondStageChannels = 16, HiddenUnits = 64 },
        Activation = Activation.Relu,
        Objective = objective,
        Epochs = epochs,
        BatchSize = 32,
        LearningRate = learningRate,
        Seed = seed,
        CancellationToken = cancellation,
        MetricsCallback = new TrainingLog(Terminal.Output).Write,
    });
