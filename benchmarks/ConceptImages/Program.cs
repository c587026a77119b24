using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.ConceptImages;
using RobustAttribution.Examples;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

// Makes the images of docs/concepts.md: trains two small networks on Fashion-MNIST and draws what attacks and attributions make of test images.
var count = new Option<int>("--images") { Description = "Training images.", DefaultValueFactory = _ => 6000 };
var epochs = new Option<int>("--epochs") { Description = "Passes over the training images.", DefaultValueFactory = _ => 3 };
Option<string?> data = SharedOptions.Data();
Option<bool> download = SharedOptions.Download();
var output = new Option<string>("--output") { Description = "Folder of the images.", DefaultValueFactory = _ => Path.Combine("docs", "images") };
var command = new RootCommand("Makes the images of docs/concepts.md.") { count, epochs, data, download, output };
command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed, cancellation)));
return await CommandLine.InvokeAsync(command, args);

int Run(ParseResult parsed, CancellationToken cancellation)
{
    using IDisposable scope = NewDisposeScope();
    string files = new FashionMnistFiles(Terminal.Output).Locate(parsed.GetValue(data), parsed.GetValue(download), cancellation);
    (Tensor images, Tensor classes) = Load(files, DatasetSplit.Train, parsed.GetValue(count));
    var source = new TensorBatchSource(images, classes);
    (Tensor shown, Tensor labels) = Load(files, DatasetSplit.Test, Sheets.Candidates);
    using ImageNetwork plain = Train(new CrossEntropy(), Activation.Relu), robust = Train(new LocalGradientAlignment(), Activation.Softplus(3));
    var sheets = new Sheets(shown.to(ScalarType.Float32) / 255, labels, [new("cross-entropy, ReLU", plain), new("AGA, softplus 3", robust)]);
    string folder = parsed.GetValue(output)!;
    Directory.CreateDirectory(folder);
    sheets.Fragile(Path.Combine(folder, "concepts-fragile.png"));
    sheets.Attributions(Path.Combine(folder, "concepts-attributions.png"));
    sheets.Attacks(Path.Combine(folder, "concepts-attacks.png"));
    return 0;

    ImageNetwork Train(ITrainingObjective objective, Activation activation)
    {
        using var generator = new Generator(1, CPU);
        ImageNetwork network = ImageNetwork.Create(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 28, 28), 10, activation, generator);
        var options = new TrainingOptions { Objective = objective, Epochs = parsed.GetValue(epochs), BatchSize = 64, LearningRate = 2e-3, Seed = 1 };
        new RobustTrainer(options).Fit(network, source, null, progress => Report(progress), cancellation);
        return network;
    }
}

static void Report(TrainingProgress progress)
{
    if (progress is EpochProgress epoch)
    {
        Terminal.Output.WriteLine($"epoch {epoch.Epoch} of {epoch.Epochs}: loss {epoch.Loss:F3}, accuracy {epoch.Accuracy:F3}");
    }
}

static (Tensor Images, Tensor Classes) Load(string folder, DatasetSplit split, int count)
{
    var context = new MLContext();
    IDataView view = context.Data.TakeRows(context.Data.LoadFashionMnist(folder, split, new DatasetOptions { LabelsAsKey = true }), count);
    byte[] pixels = [.. view.GetColumn<float[]>("Image").SelectMany(row => row).Select(value => (byte)value)];
    long[] labels = [.. view.GetColumn<uint>("Label").Select(key => (long)key - 1)];
    return (tensor(pixels, dtype: ScalarType.Byte).reshape(-1, 1, 28, 28), tensor(labels, dtype: ScalarType.Int64));
}
