using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Augmentations;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Distributed.Tests;

/// <summary>Trainings that a rank runs, and one process alone in the test: small ones, with every kind of draw and of batch.</summary>
internal static class TrainingJob
{
    public const string Interrupted = "interrupted";
    public const int Classes = 3, Size = 8, Images = 41; // in batches of 10: shares of unequal sizes, and a last batch of one image

    /// <summary>The trainings, and how far the weights may be from those of one process; null where batch statistics are other ones.</summary>
    public static IReadOnlyDictionary<string, double?> Bounds { get; } = new Dictionary<string, double?>
    {
        ["aga"] = 1e-13, ["art"] = 1e-13, ["hessian"] = 1e-13, ["class-weights"] = 1e-13, ["float32"] = 1e-6, ["bfloat16"] = 5e-3, ["batch-norm"] = null,
    };

    /// <summary>Runs each training twice and writes the hashes of the weights and, on rank 0, the weights.</summary>
    public static int TrainAll(ICommunicator ranks, string folder)
    {
        List<string> lines = [$"size {ranks.Size}"];
        foreach (string name in Bounds.Keys)
        {
            lines.Add($"{name} {Train(ranks, name, folder)}");
            lines.Add($"{name} again {Train(ranks, name, folder)}");
        }

        lines.Add($"validation {ValidateBothWays(ranks)}");
        lines.Add($"cancelled {Cancel(ranks)}");
        lines.AddRange(Refusals.Names.Select(name => $"refused-{name} {Refusals.Of(name, ranks)}"));
        lines.Add($"mlnet {TrainPipeline(ranks)}");
        File.WriteAllLines(Path.Combine(folder, FormattableString.Invariant($"rank{ranks.Rank}")), lines);
        return 0;
    }

    /// <summary>A training with checkpoints, whose epochs take a while where a pause is given.</summary>
    public static int TrainInterrupted(ICommunicator ranks, string folder, string checkpoints, int pause)
    {
        File.WriteAllText(Path.Combine(folder, FormattableString.Invariant($"pid{ranks.Rank}")), $"{Environment.ProcessId}");
        string hash = Train(ranks, Interrupted, folder, new CheckpointOptions(checkpoints), progress =>
        {
            if (progress is EpochProgress)
            {
                Console.WriteLine(FormattableString.Invariant($"epoch {progress.Epoch}"));
                Thread.Sleep(pause);
            }
        });
        File.WriteAllText(Path.Combine(folder, FormattableString.Invariant($"hash{ranks.Rank}")), hash);
        return 0;
    }

    /// <summary>Trains; writes the weights on rank 0 as float64 numbers.</summary>
    /// <returns>The hash of the weights, and the number of reports.</returns>
    public static string Train(
        ICommunicator ranks, string name, string folder, CheckpointOptions? checkpoints = null, Action<TrainingProgress>? progress = null)
    {
        ScalarType type = name is "float32" or "bfloat16" or "batch-norm" ? ScalarType.Float32 : ScalarType.Float64;
        using ImageNetwork network = NewNetwork(type, name == "batch-norm", seed: ranks.Rank); // rank 0's weights count
        int reports = 0;
        var trainer = new RobustTrainer(OptionsOf(name) with { Communicator = ranks, Checkpoints = checkpoints });
        TrainingResult result = trainer.Fit(network, Source(name is "batch-norm" or "class-weights" ? 40 : Images), Source(13), report =>
        {
            reports++;
            progress?.Invoke(report);
        });
        double[] weights = [.. WeightSnapshot.Of(network).SelectMany(pair => pair.Value.to(ScalarType.Float64).data<double>().ToArray())];
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<double>(weights);
        if (ranks.Rank == 0)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{name}.weights"), bytes);
        }

        string history = string.Join(' ', result.History.Select(epoch => FormattableString.Invariant($"{epoch.Loss:R} {epoch.Validation!.Loss:R}")));
        return $"{Convert.ToHexString(SHA256.HashData(bytes))} history {history} reports {(reports > 0 ? "some" : "none")}";
    }

    public static TrainingOptions OptionsOf(string name)
    {
        var common = new TrainingOptions
        {
            Objective = new LocalGradientAlignment { CosineWeight = 3 },
            Epochs = name == Interrupted ? 6 : 2,
            BatchSize = 10,
            LearningRate = 1e-2,
            Optimizer = new Sgd(),
            GradientClipNorm = 1,
            Augmentation = new Compose([new RandomCrop { Padding = 1 }, new HorizontalFlip()]),
            Seed = 3,
        };
        return name switch
        {
            "art" => common with { Objective = new SpatialAlignment { Attack = new AlignmentAttack { Steps = 2 } } },
            "hessian" => common with { Objective = new HessianNormPenalty { Weight = 0.01 } },
            "class-weights" => common with { ClassWeights = [0.1, 1, 0] },
            "bfloat16" => common with { Precision = Precision.BFloat16 },
            _ => common,
        };
    }

    public static ImageNetwork NewNetwork(ScalarType type, bool isNormalized, int seed, Pooling pooling = Pooling.Average)
    {
        var input = new InputSpecification(1, Size, Size);
        using var generator = new Generator((ulong)seed + 1, CPU);
        ImageNetwork network = isNormalized
            ? new ImageNetwork(new Normalized(), input, Classes)
            : ImageNetwork.Create(
                new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5, Pooling = pooling },
                input, Classes, Activation.Softplus(3), generator);
        foreach (Tensor parameter in isNormalized ? network.Backbone.parameters() : [])
        {
            using IDisposable mode = no_grad(); // torch.nn draws from the global generator
            using Tensor drawn = rand(parameter.shape, generator: generator);
            parameter.copy_(drawn).sub_(0.5);
        }

        network.MoveTo(CPU, type);
        return network;
    }

    // A bright row on noise; the class is the row.
    public static TensorBatchSource Source(int count) => Source(count, count);

    /// <summary>Images that a seed decides.</summary>
    public static TensorBatchSource Source(int seed, int count)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        Tensor classes = randint(0, Classes, [count], dtype: ScalarType.Int64, generator: generator);
        Tensor bright = nn.functional.one_hot(classes * 2, Size).to(ScalarType.Float32).reshape(count, 1, Size, 1) * 110;
        Tensor images = (rand([count, 1, Size, Size], generator: generator) * 120) + bright;
        return new TensorBatchSource(images.to(ScalarType.Byte).DetachFromDisposeScope(), classes.DetachFromDisposeScope());
    }

    private static string ValidateBothWays(ICommunicator ranks)
    {
        using ImageNetwork network = NewNetwork(ScalarType.Float32, isNormalized: false, seed: 0);
        EvaluationResult alone = Evaluation.Measure(network, Source(Images), 4), together = Evaluation.Measure(network, Source(Images), 4, ranks, null, default);
        return $"{alone == together} {together.Count}";
    }

    // One rank wants to stop; all do, after the same step.
    private static string Cancel(ICommunicator ranks)
    {
        using ImageNetwork network = NewNetwork(ScalarType.Float64, isNormalized: false, seed: 0);
        using var stop = new CancellationTokenSource();
        TensorBatchSource images = Source(Images);
        var source = new CancellingSource(images, ranks.Rank == ranks.Size - 1 ? stop : null, batches: 7);
        var options = OptionsOf("aga") with { Communicator = ranks, Epochs = 100, OnCancellation = CancellationBehavior.KeepLatest };
        TrainingResult result = new RobustTrainer(options).Fit(network, source, null, null, stop.Token);
        using Tensor sum = network.Backbone.parameters().Aggregate(zeros(1, dtype: ScalarType.Float64), (sum, value) => sum + value.sum());
        return FormattableString.Invariant($"{result.Reason} {result.EpochsDone} {sum.item<double>():R}");
    }

    // Without any seed: initial weights and hold-out must be those of rank 0 all the same.
    private static string TrainPipeline(ICommunicator ranks)
    {
        var context = new MLContext();
        IDataView rows = Rows(context);
        IDataView keyed = context.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        List<string> log = [];
        context.Log += (_, entry) => log.Add(entry.Message);
        using RobustAttributionModelTransformer model = context.MulticlassClassification.Trainers.RobustImageClassification(new()
        {
            Input = new InputSpecification(1, Size, Size), Epochs = 1, BatchSize = 7, ValidationSetFraction = 0.2, Communicator = ranks,
        }).Fit(keyed);
        var scores = model.Transform(keyed).GetColumn<float[]>("Score").SelectMany(row => row).ToArray();
        string said = log.Exists(line => line.Contains($"Training with {ranks}", StringComparison.Ordinal)) ? "logged" : "silent";
        return $"{Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(scores)))} {said}";
    }

    /// <summary>Forty images with two labels.</summary>
    public static IDataView Rows(MLContext context)
    {
        using Tensor images = Source(40).Read(40).Single().Images;
        byte[] pixels = images.data<byte>().ToArray();
        return context.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new Row
        {
            Label = i % 2 == 0 ? "even" : "odd",
            Image = [.. pixels.Skip(i * Size * Size).Take(Size * Size).Select(value => (float)value)],
        }));
    }

    private sealed class Row
    {
        public string Label { get; set; } = string.Empty;

        [VectorType(1, Size, Size)]
        public float[] Image { get; set; } = [];
    }

    /// <summary>Cancels while it reads.</summary>
    private sealed class CancellingSource(IImageBatchSource source, CancellationTokenSource? stop, int batches) : IImageBatchSource
    {
        private int left = batches;

        public long Count => source.Count;

        public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
            => source.Read(batchSize, shuffleSeed, firstBatch).Select(batch =>
            {
                if (--left == 0 && stop is not null)
                {
                    stop.Cancel();
                    batch.Dispose();
                    stop.Token.ThrowIfCancellationRequested();
                }

                return batch;
            });
    }

    private sealed class Normalized : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = nn.Conv2d(1, 4, 3, padding: 1);
        private readonly BatchNorm2d norm = nn.BatchNorm2d(4);
        private readonly ActivationLayer activation = new(Activation.Softplus(3));
        private readonly Linear fc = nn.Linear(4 * Size * Size, Classes);

        public Normalized()
            : base(nameof(Normalized)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using IDisposable scope = NewDisposeScope();
            return fc.call(activation.call(norm.call(conv.call(input))).flatten(1)).MoveToOuterDisposeScope();
        }
    }
}
