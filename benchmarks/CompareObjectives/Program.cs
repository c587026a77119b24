using System.CommandLine;
using System.Diagnostics;
using RobustAttribution.Benchmarks;
using RobustAttribution.Examples;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using Spectre.Console;
using TorchSharp;

// Trains one network with every objective and several seeds on Fashion-MNIST and measures accuracy and explanation robustness of each.
var seeds = new Option<int>("--seeds") { Description = "How many seeds.", DefaultValueFactory = _ => 2 };
var firstSeed = new Option<int>("--first-seed") { Description = "The first of the seeds.", DefaultValueFactory = _ => 1 };
var only = new Option<string[]>("--only") { Description = "Only the trainings whose name contains one of these.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [string.Empty] };
var precisions = new Option<Precision[]>("--precision") { Description = "The type in which a step computes; several to compare them.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [Precision.Float32] };
var brief = new Option<bool>("--brief") { Description = "Measure the accuracy and the attack on the top k of the gradient alone." };
var images = new Option<int>("--images") { Description = "Training images.", DefaultValueFactory = _ => 12_000 };
var epochs = new Option<int>("--epochs") { Description = "Passes over the training images.", DefaultValueFactory = _ => 4 };
var tested = new Option<int>("--test-images") { Description = "Test images whose explanations are attacked.", DefaultValueFactory = _ => 200 };
Option<string?> dataOption = SharedOptions.Data();
Option<bool> downloadOption = SharedOptions.Download();
var output = new Option<string>("--output") { Description = "The table to write, Markdown; a .json of the same name holds every run.", DefaultValueFactory = _ => Path.Combine("artifacts", "compare-objectives.md") };
var command = new RootCommand("Compares the training objectives on Fashion-MNIST.")
{
    seeds, firstSeed, only, precisions, brief, images, epochs, tested, dataOption, downloadOption, output,
};
command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
return await CommandLine.InvokeAsync(command, args);

int Run(ParseResult parsed, CancellationToken cancellation)
{
    string folder = new FashionMnistFiles(Terminal.Output).Locate(parsed.GetValue(dataOption), parsed.GetValue(downloadOption), cancellation);
    using var data = new FashionMnist(folder, parsed.GetValue(images), parsed.GetValue(tested));
    var results = new Results(parsed.GetValue(output)!, $"dotnet run --project benchmarks/CompareObjectives -c Release -- {string.Join(' ', args)}");
    foreach (int seed in Enumerable.Range(parsed.GetValue(firstSeed), parsed.GetValue(seeds)))
    {
        foreach (((string name, ITrainingObjective objective, Activation activation), Precision precision) in
            from contestant in Contestants()
            where parsed.GetValue(only)!.Any(part => contestant.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
            from precision in parsed.GetValue(precisions)!
            select (contestant, precision))
        {
            using var generator = new torch.Generator((ulong)seed, torch.CPU);
            using ImageNetwork network = ImageNetwork.Create(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 28, 28), 10, activation, generator);
            var watch = Stopwatch.StartNew();
            var options = new TrainingOptions { Objective = objective, Epochs = parsed.GetValue(epochs), BatchSize = 64, LearningRate = 2e-3, Seed = seed, Precision = precision };
            new RobustTrainer(options).Fit(network, data.Training, null, null, cancellation);
            string title = precision == Precision.Float32 ? name : $"{name}, {precision}";
            double seconds = watch.Elapsed.TotalSeconds;
            var run = new Run(title, seed, seconds, Measurements.Take(network, data, seed, parsed.GetValue(brief)));
            results.Add(run);
            Terminal.Output.WriteLine($"{run.Name}, seed {seed}: {string.Join("  ", run.Values.Select(value => $"{value.Key} {value.Value:F3}"))}  ({run.TrainSeconds:F0} s)");
        }
    }

    return 0;
}

static IEnumerable<(string Name, ITrainingObjective Objective, Activation Activation)> Contestants() =>
[
    ("cross-entropy, ReLU", new CrossEntropy(), Activation.Relu),
    ("cross-entropy, softplus 3", new CrossEntropy(), Activation.Softplus(3)),
    ("AGA, softplus 3", new LocalGradientAlignment(), Activation.Softplus(3)),
    ("Hessian, softplus 3", new HessianNormPenalty(), Activation.Softplus(3)),
    ("PGD-7, ReLU", new AdversarialCrossEntropy(), Activation.Relu),
    ("ART, ReLU", new SpatialAlignment(), Activation.Relu),
];
