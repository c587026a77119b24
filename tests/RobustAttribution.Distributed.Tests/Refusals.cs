using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Distributed.Tests;

/// <summary>Trainings whose last rank was given something else than the others.</summary>
internal static class Refusals
{
    private static readonly TrainingOptions Options = TrainingJob.OptionsOf("aga");

    /// <summary>What the refusal says on every rank: of rank 0, and of the last one where there are two.</summary>
    public static IReadOnlyDictionary<string, string[]> Expected { get; } = new Dictionary<string, string[]>
    {
        ["seed"] = ["Seed is 3 on rank 0, and Seed is 4 on rank 1"],
        ["objective"] = ["Objective is ", "\"cosineWeight\":3", "\"cosineWeight\":4", "on rank 1"],
        ["own-objective"] = ["Objective is ", "LocalGradientAlignment", "Refusals+Own on rank 1"],
        ["learning-rate"] = ["LearningRate is 0.01 on rank 0, and LearningRate is 0.02 on rank 1"],
        ["schedule"] = ["Schedule is ", "ConstantSchedule", "CosineSchedule"],
        ["optimizer"] = ["Optimizer is ", "Sgd", "AdamW"],
        ["augmentation"] = ["Augmentation is ", "RandomCrop", "Augmentation is null on rank 1"],
        ["class-weights"] = ["ClassWeights is null on rank 0, and ClassWeights is [1,2,3] on rank 1"],
        ["pooling"] = ["the network is ", "Average", "Max"],
        ["module"] = ["the list of modules is ", "MaxPool2d", "AvgPool2d"],
        ["kernel"] = ["the list of modules is ", "kernel_size 3", "kernel_size 5"],
        ["dropout"] = ["the list of modules is ", "p 0.1", "p 0.2"],
        ["images"] = ["the SHA-256 of the first batch of training images is "],
        ["last-images"] = ["the SHA-256 of the last batch of training images is "],
        ["streamed-images"] = ["the SHA-256 of the first batch of training images is "],
        ["validation-images"] = ["the SHA-256 of the first batch of validation images is "],
        ["mlnet-seed"] = ["Seed (or else that of MLContext) is 1 on rank 0, and Seed (or else that of MLContext) is 2 on rank 1"],
        ["mlnet-context"] = ["Seed (or else that of MLContext) is 1 on rank 0, and Seed (or else that of MLContext) is 2 on rank 1"],
    };

    public static IEnumerable<string> Names => Expected.Keys;

    /// <summary>The refusal of one training; "none" where it trains.</summary>
    public static string Of(string name, ICommunicator ranks)
    {
        bool other = ranks.Size > 1 && ranks.Rank == ranks.Size - 1;
        try
        {
            if (name.StartsWith("mlnet", StringComparison.Ordinal))
            {
                FitPipeline(ranks, other ? 2 : 1, byContext: name == "mlnet-context");
            }
            else
            {
                using ImageNetwork network = NetworkOf(name, other);
                new RobustTrainer(OptionsOf(name, other) with { Communicator = ranks, Epochs = 1 }).Fit(
                    network, SourceOf(name, other), TrainingJob.Source(other && name == "validation-images" ? 14 : 13, 13));
            }

            return "none";
        }
        catch (ArgumentException error)
        {
            return error.Message;
        }
    }

    private static TrainingOptions OptionsOf(string name, bool other) => !other ? Options : name switch
    {
        "seed" => Options with { Seed = 4 },
        "objective" => Options with { Objective = new LocalGradientAlignment { CosineWeight = 4 } },
        "own-objective" => Options with { Objective = new Own() },
        "learning-rate" => Options with { LearningRate = 0.02 },
        "schedule" => Options with { Schedule = new CosineSchedule() },
        "optimizer" => Options with { Optimizer = new AdamW() },
        "augmentation" => Options with { Augmentation = null },
        "class-weights" => Options with { ClassWeights = [1, 2, 3] },
        _ => Options,
    };

    private static ImageNetwork NetworkOf(string name, bool other)
    {
        if (name is not ("module" or "kernel" or "dropout"))
        {
            return TrainingJob.NewNetwork(ScalarType.Float64, isNormalized: false, seed: 0, other && name == "pooling" ? Pooling.Max : Pooling.Average);
        }

        int kernel = other && name == "kernel" ? 5 : 3;
        nn.Module<Tensor, Tensor> pool = other && name == "module"
            ? nn.AvgPool2d(kernel, stride: 2, padding: kernel / 2)
            : nn.MaxPool2d(kernel, stride: 2, padding: kernel / 2);
        var network = new ImageNetwork(
            nn.Sequential(
                ("conv", nn.Conv2d(1, 2, 3)), ("act", new ActivationLayer(Activation.Softplus(3))), ("pool", pool), ("flat", nn.Flatten()),
                ("drop", nn.Dropout(other && name == "dropout" ? 0.2 : 0.1)), ("fc", nn.Linear(18, TrainingJob.Classes))),
            new InputSpecification(1, 8, 8), TrainingJob.Classes);
        network.MoveTo(CPU, ScalarType.Float64);
        return network;
    }

    private static IImageBatchSource SourceOf(string name, bool other)
    {
        const int Images = 40;
        TensorBatchSource source = TrainingJob.Source(other && name is "images" or "streamed-images" && other ? Images + 1 : Images, Images);
        if (other && name == "last-images")
        {
            using ImageBatch all = source.Read(Images).Single();
            using IDisposable scope = NewDisposeScope();
            Tensor images = all.Images.clone();
            images[Images - 1] = zeros_like(images[Images - 1]);
            return new TensorBatchSource(images.DetachFromDisposeScope(), all.Classes.clone().DetachFromDisposeScope());
        }

        return name == "streamed-images" ? new Streamed(source) : source;
    }

    private static void FitPipeline(ICommunicator ranks, int seed, bool byContext)
    {
        var context = new MLContext(byContext ? seed : null);
        IDataView rows = TrainingJob.Rows(context);
        IDataView keyed = context.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using RobustAttributionModelTransformer model = context.MulticlassClassification.Trainers.RobustImageClassification(new()
        {
            Input = new InputSpecification(1, 8, 8), Epochs = 1, BatchSize = 7, Seed = byContext ? null : seed, Communicator = ranks,
        }).Fit(keyed);
    }

    /// <summary>An objective that no file can name.</summary>
    private sealed record Own : ITrainingObjective
    {
        public ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights)
            => new CrossEntropy().Evaluate(network, images, classes, generator, classWeights);
    }

    private sealed class Streamed(IImageBatchSource source) : IImageBatchSource
    {
        public long Count => source.Count;

        public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0) => source.Read(batchSize, shuffleSeed, firstBatch);
    }
}
