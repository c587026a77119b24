using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML;
using RobustAttribution.Examples;
using RobustAttribution.MLNet;
using RobustAttribution.Training;
using Spectre.Console;
using TorchSharp;

// Runs one experiment of the two papers from files in their published format: trains, attacks, measures, writes the model and the numbers.
var name = new Argument<string>("recipe") { Description = $"One of {string.Join(", ", KnownRecipes.All.Select(recipe => recipe.Name))}." };
name.AcceptOnlyFromAmong([.. KnownRecipes.All.Select(recipe => recipe.Name)]);
var data = new Option<string>("--data") { Description = "Folder of the dataset's files.", Required = true };
var dryRun = new Option<bool>("--dry-run") { Description = "Check everything on two batches: two training steps, every attack, every measurement. Needs no GPU." };
var weights = new Option<string?>("--weights") { Description = "safetensors file with pretrained weights (art-cub200-resnet50: torchvision's ResNet-50)." };
var gpu = new Option<int?>("--gpu") { Description = "The GPU's number; without it the CPU is used." };
var threads = new Option<int>("--threads") { Description = "Threads of libtorch on the CPU.", DefaultValueFactory = _ => Environment.ProcessorCount };
var seed = new Option<int>("--seed") { Description = "Start of all randomness.", DefaultValueFactory = _ => 0 };
var output = new Option<string?>("--output") { Description = "Folder for model.zip, metrics.json and checkpoints, from which a stopped training goes on; artifacts/recipes/NAME by default." };
var command = new RootCommand("Runs an experiment of the papers.") { name, data, dryRun, weights, gpu, threads, seed, output };
command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
return await CommandLine.InvokeAsync(command, args);

int Run(ParseResult parsed, CancellationToken cancellation)
{
    Recipe recipe = KnownRecipes.Find(parsed.GetValue(name)!);
    bool dry = parsed.GetValue(dryRun);
    string place = parsed.GetValue(output) ?? Path.Combine("artifacts", "recipes", dry ? recipe.Name + "-dry-run" : recipe.Name);
    Directory.CreateDirectory(place);
    torch.set_num_threads(parsed.GetValue(threads));
    var context = new MLContext(parsed.GetValue(seed)) { GpuDeviceId = parsed.GetValue(gpu) };
    var watch = Stopwatch.StartNew();
    using RecipeReport report = new TrainingDisplay(Terminal.Output).Run(recipe.Name, progress => recipe.Run(context, parsed.GetValue(data)!, new RecipeRunOptions
    {
        DryRun = dry,
        InitialWeightsPath = parsed.GetValue(weights),
        Seed = parsed.GetValue(seed),
        Checkpoints = dry ? null : new CheckpointOptions(Path.Combine(place, "checkpoints")),
        Progress = progress,
        CancellationToken = cancellation,
    }));
    Terminal.Output.Write(report.ToString());
    File.WriteAllText(Path.Combine(place, "metrics.json"), report.ToJson() + "\n");
    context.Model.Save(report.Model, recipe.LoadTestSet(context, parsed.GetValue(data)!).Schema, Path.Combine(place, "model.zip"));
    Terminal.Output.WriteLine(dry ? $"Everything works ({watch.Elapsed.TotalSeconds:F0} s); the numbers of a dry run mean nothing." : $"Written: {place} ({watch.Elapsed:d\\.hh\\:mm\\:ss})");
    return 0;
}
