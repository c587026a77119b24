using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Examples;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

// Whether reading keeps training fed: the processor time to read and decode 50,000 rows of CIFAR-10's size against that to train on as many, in one run.
// Processor time of one thread, so that other programs on the machine hardly change the answer; that of training is divided by the cores, as if they shared the work perfectly.
const int FileRecords = 10_000, RecordBytes = 1 + (3 * 32 * 32), BatchSize = 128;
var cores = new Option<int>("--cores") { Description = "Cores that training is to be fed on; reading uses one.", DefaultValueFactory = _ => 2 };
var steps = new Option<int>("--steps") { Description = "Training steps that are timed, after three that are not.", DefaultValueFactory = _ => 6 };
var command = new RootCommand("Compares the time to load a dataset with the time to train on it.") { cores, steps };
command.SetAction(parsed => Run(parsed.GetValue(cores), parsed.GetValue(steps)));
return await CommandLine.InvokeAsync(command, args);

static int Run(int cores, int steps)
{
    torch.set_num_threads(1);
    string folder = Directory.CreateTempSubdirectory("loading").FullName;
    try
    {
        WriteFiles(folder);
        double rows = 5 * FileRecords;
        (string Name, double Seconds)[] loads = [("float vectors", ProcessorSeconds(() => Read(folder, asImages: false))), ("MLImages", ProcessorSeconds(() => Read(folder, asImages: true)))];
        (string Name, double Seconds)[] trainings =
        [
            ("cross-entropy, SmallConvNet", Train(NetworkArchitecture.SmallConvNet, new CrossEntropy(), steps, cores)),
            ("cross-entropy, LeNet", Train(NetworkArchitecture.LeNet, new CrossEntropy(), steps, cores)),
            ("AGA, LeNet", Train(NetworkArchitecture.LeNet, new LocalGradientAlignment(), steps, cores)),
        ];
        Terminal.Output.WriteLine($"{rows:F0} rows; batch {BatchSize}, {steps} timed steps; processor time of one thread, that of training divided by {cores} cores.\n");
        Terminal.Output.WriteLine($"| | rows/s | {string.Join(" | ", loads.Select(load => $"loading {load.Name} / training"))} |\n|---|---|{string.Concat(loads.Select(_ => "---|"))}");
        Array.ForEach(loads, load => Line($"loading {load.Name}", load.Seconds, loads.Select(_ => string.Empty)));
        Array.ForEach(trainings, training => Line($"training {training.Name}", training.Seconds, loads.Select(load => (load.Seconds / training.Seconds).ToString("F3", CultureInfo.InvariantCulture))));
        return loads.All(load => trainings.All(training => load.Seconds < training.Seconds)) ? 0 : 1;

        void Line(string name, double seconds, IEnumerable<string> ratios)
            => Terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {rows / seconds:F0} | {string.Join(" | ", ratios)} |"));
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>Five training files in CIFAR-10's binary format, of noise.</summary>
static void WriteFiles(string folder)
{
    var random = new Random(1);
    byte[] content = new byte[FileRecords * RecordBytes];
    for (int file = 1; file <= 5; file++)
    {
        random.NextBytes(content);
        for (int record = 0; record < FileRecords; record++)
        {
            content[record * RecordBytes] %= 10;
        }

        File.WriteAllBytes(Path.Combine(folder, $"data_batch_{file}.bin"), content);
    }
}

/// <summary>Reads image and label of every row, the files included.</summary>
static void Read(string folder, bool asImages)
{
    IDataView view = new MLContext().Data.LoadCifar10(folder, options: new DatasetOptions { LabelsAsKey = true, ImagesAsMLImage = asImages });
    using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Image"], view.Schema["Label"]]);
    ValueGetter<uint> label = cursor.GetGetter<uint>(view.Schema["Label"]);
    ValueGetter<VBuffer<float>>? vector = asImages ? null : cursor.GetGetter<VBuffer<float>>(view.Schema["Image"]);
    ValueGetter<MLImage>? getImage = asImages ? cursor.GetGetter<MLImage>(view.Schema["Image"]) : null;
    VBuffer<float> values = default;
    MLImage image = null!;
    uint key = 0;
    while (cursor.MoveNext())
    {
        label(ref key);
        vector?.Invoke(ref values);
        getImage?.Invoke(ref image);
    }

    image?.Dispose();
}

/// <summary>Processor seconds of each core to train on as many rows as the files hold, from those of some steps.</summary>
static double Train(NetworkArchitecture architecture, ITrainingObjective objective, int steps, int cores)
{
    using IDisposable scope = NewDisposeScope();
    using var generator = new Generator(1, CPU);
    using ImageNetwork network = ImageNetwork.Create(architecture, new InputSpecification(3, 32, 32), 10, objective.RecommendedActivation ?? Activation.Relu, generator);
    Tensor images = randint(0, 256, [BatchSize, 3, 32, 32], dtype: ScalarType.Byte);
    Tensor classes = randint(0, 10, [BatchSize], dtype: ScalarType.Int64);
    var source = new TensorBatchSource(images, classes);
    Fit(3);
    return ProcessorSeconds(() => Fit(steps)) / cores / (steps * BatchSize) * 5 * FileRecords;

    void Fit(int epochs) => new RobustTrainer(new TrainingOptions { Objective = objective, Epochs = epochs, BatchSize = BatchSize }).Fit(network, source);
}

static double ProcessorSeconds(Action action)
{
    using var process = Process.GetCurrentProcess();
    TimeSpan start = process.TotalProcessorTime;
    action();
    process.Refresh();
    return (process.TotalProcessorTime - start).TotalSeconds;
}
