using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Onnx;
using TorchSharp;
using static TorchSharp.torch;

// What a network's ONNX file costs in ONNX Runtime, against the network in TorchSharp: scores, and scores with the gradient map, on one thread, in turns.
var rounds = new Option<int>("--rounds") { Description = "Measurements of each way, taken in turns; the medians count.", DefaultValueFactory = _ => 7 };
var seconds = new Option<double>("--seconds") { Description = "Length of each measurement.", DefaultValueFactory = _ => 0.5 };
var command = new RootCommand("Compares TorchSharp with ONNX Runtime: scores, and scores with the gradient map.") { rounds, seconds };
command.SetAction(parsed => Run(parsed.GetValue(rounds), parsed.GetValue(seconds)));
return command.Parse(args).Invoke();

static void Run(int rounds, double seconds)
{
    torch.set_num_threads(1);
    (string Name, NetworkArchitecture Architecture, InputSpecification Input, int[] Batches)[] networks =
    [
        ("SmallConvNet, 1×28×28", NetworkArchitecture.SmallConvNet, new(1, 28, 28), [1, 32]),
        ("SmallConvNet, average pooling", new SmallConvNetArchitecture { Pooling = Pooling.Average }, new(1, 28, 28), [1, 32]),
        ("ResNet-18, 3×32×32", NetworkArchitecture.ResNet18ForSmallImages, new(3, 32, 32), [1, 32]),
        ("ResNet-18, 3×224×224", NetworkArchitecture.ResNet18, new(3, 224, 224), [1]),
    ];
    Console.WriteLine("| network | activation | images | scores: TorchSharp | ONNX Runtime | ratio | with map: TorchSharp | ONNX Runtime | ratio |");
    Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
    foreach ((string name, NetworkArchitecture architecture, InputSpecification input, int[] batches) in networks)
    {
        foreach (Activation activation in new[] { Activation.Relu, Activation.Softplus(3) })
        {
            using var generator = new Generator(1);
            using ImageNetwork network = ImageNetwork.Create(architecture, input, 10, activation, generator);
            using InferenceSession scores = Session(network, new() { Maps = new Dictionary<string, SaliencyMap>() }), maps = Session(network, new());
            foreach (int batch in batches)
            {
                (double theirs, double ours) = Compare(rounds, seconds, network, scores, batch, Score);
                (double theirMaps, double ourMaps) = Compare(rounds, seconds, network, maps, batch, Explain);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {activation} | {batch} | {theirs:F2} ms | {ours:F2} ms | {ours / theirs:F2} | {theirMaps:F2} ms | {ourMaps:F2} ms | {ourMaps / theirMaps:F2} |"));
            }
        }
    }
}

static InferenceSession Session(ImageNetwork network, OnnxExportOptions options)
{
    using var file = new MemoryStream();
    network.SaveAsOnnx(file, options);
    using var settings = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
    return new InferenceSession(file.ToArray(), settings);
}

// Milliseconds of processor time, the medians of the rounds.
static (double Torch, double Onnx) Compare(int rounds, double seconds, ImageNetwork network, InferenceSession session, int batch, Action<ImageNetwork, Tensor> compute)
{
    using IDisposable inspection = network.ForInspection();
    using Tensor images = rand([batch, network.Input.Channels, network.Input.Height, network.Input.Width]);
    float[] pixels = images.data<float>().ToArray();
    string[] outputs = [.. session.OutputNames];
    using var options = new RunOptions();
    double[] torchSharp = new double[rounds], onnx = new double[rounds];
    for (int round = 0; round < rounds; round++)
    {
        torchSharp[round] = Measure(seconds, () => compute(network, images));
        onnx[round] = Measure(seconds, () =>
        {
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, images.shape);
            using IDisposableReadOnlyCollection<OrtValue> found = session.Run(options, ["Image"], [image], outputs);
        });
    }

    return (Median(torchSharp), Median(onnx));
}

static void Score(ImageNetwork network, Tensor images)
{
    using IDisposable scope = NewDisposeScope();
    using IDisposable mode = no_grad();
    _ = nn.functional.softmax(network.Logits(images), 1);
}

static void Explain(ImageNetwork network, Tensor images)
{
    using IDisposable scope = NewDisposeScope();
    _ = new SaliencyMap().OfPredicted(network, images);
}

static double Measure(double seconds, Action action)
{
    action();
    TimeSpan processor = Environment.CpuUsage.TotalTime;
    var watch = Stopwatch.StartNew();
    int runs = 0;
    for (; watch.Elapsed.TotalSeconds < seconds; runs++)
    {
        action();
    }

    return (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / runs;
}

static double Median(double[] values)
{
    double[] sorted = [.. values.Order()];
    return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
}
