using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>
/// Trains an image classifier whose saliency maps hold against invisible perturbations, or one to compare it with: the objective decides.
/// </summary>
/// <remarks>
/// Reads a key label and a column of images, adds <c>PredictedLabel</c> and <c>Score</c> as every multiclass trainer of ML.NET does. <c>Score</c> carries the
/// network to <c>Saliency</c> and <c>AttributionAttack</c> later in the pipeline. Made by <c>mlContext.Transforms.RobustImageClassification</c> and
/// <c>mlContext.MulticlassClassification.Trainers.RobustImageClassification</c>.
/// </remarks>
public sealed partial class RobustAttributionImageClassificationTrainer : IEstimator<RobustAttributionModelTransformer>
{
    private const string Registration = "RobustAttributionTrainer";
    private const int SplitPurpose = 100; // purposes below are the core trainer's
    private const int WeightsPurpose = 101;
    private const int TrialPurpose = 102;

    private readonly IHost host;
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal RobustAttributionImageClassificationTrainer(IHostEnvironment environment, Options options)
    {
        this.environment = environment;
        this.options = Require.NotNull(options, nameof(options)).Copy();
        host = environment.Register(Registration);
        if (options.ValidationSet is not null && options.ValidationSetFraction is not null)
        {
            throw new ArgumentException("ValidationSet and ValidationSetFraction are both set; allowed is one of them.", nameof(options));
        }

        if (options.TrainingSize is not null && (options.Augmentation is null || options.ValidationSetFraction is not null))
        {
            throw new ArgumentException(
                options.Augmentation is null
                    ? "TrainingSize is set, which needs an Augmentation that cuts the images to the network's size; none is set."
                    : "TrainingSize and ValidationSetFraction are both set; allowed is one of them, since images to judge by have the network's size. Set ValidationSet.",
                nameof(options));
        }

        if (options.Milestones is not null && options.Schedule is not null)
        {
            throw new ArgumentException("Milestones and Schedule are both set; allowed is one of them.", nameof(options));
        }

        if (options.EarlyStopping is not null && options.ValidationSet is null && options.ValidationSetFraction is null)
        {
            throw new ArgumentException("EarlyStopping is set, which needs ValidationSet or ValidationSetFraction to judge by; neither is set.", nameof(options));
        }
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ImageColumn.CheckShape(inputSchema, options.ImageColumnName);
        SchemaShape.Column label = SchemaColumns.Require(inputSchema, options.LabelColumnName, "a key column");
        return label.IsKey && label.Kind == SchemaShape.Column.VectorKind.Scalar
            ? inputSchema.With(ScoreColumns.Promise(label, options.ScoreColumnName, options.PredictedLabelColumnName))
            : throw new ArgumentOutOfRangeException(nameof(inputSchema), KeyColumn.NotAKey(options.LabelColumnName, label.Describe()));
    }

    /// <summary>Trains a network from fresh weights.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The trained model; owns its network, so dispose of it (or of the chain it is part of) when it is no longer needed.</returns>
    public RobustAttributionModelTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains on, from the weights of a fitted model.</summary>
    /// <param name="input">The training rows; the label key must have the model's classes.</param>
    /// <param name="startFrom">The model to start from, which stays as it is; null for fresh weights.</param>
    /// <exception cref="ArgumentException">
    /// The options do not fit the data, the model's network is another one than the options describe, or the network does not answer with one finite
    /// logit for each class; nothing was trained.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// The model could not be saved, e.g. because the architecture is not registered with
    /// <see cref="RobustAttribution.Serialization.ComponentJson"/>; nothing was trained.
    /// </exception>
    /// <returns>The trained model; owns a network of its own.</returns>
    public RobustAttributionModelTransformer Fit(IDataView input, RobustAttributionModelTransformer? startFrom)
    {
        ArgumentNullException.ThrowIfNull(input);
        using IChannel channel = host.Start("TrainModel");
        long seed = options.Seed ?? HostSettings.Seed(environment) ?? (options.Checkpoints is null ? host.Rand.Next() : throw new InvalidOperationException(
            "Checkpoints are set, and a training can only be resumed with the seed it began with: set the option Seed, or give MLContext a seed."));
        KeyColumn labels = KeyColumn.Bind(input.Schema, options.LabelColumnName);
        if (labels.Count < 2)
        {
            throw new ArgumentException($"Label column '{labels.Name}' has {labels.Count} classes; allowed are at least 2.", nameof(input));
        }

        InputSpecification specification = Specification(input.Schema);
        ImageNetwork network = startFrom is null
            ? NewNetwork(channel, specification, labels.Count, seed)
            : startFrom.CloneNetwork(options.Network, specification, labels.Count, options.Activation);
        try
        {
            network.MoveTo(DeviceChoice.Resolve(environment, message => channel.Warning(MessageSensitivity.None, "{0}", message)));
            var images = new ImageInput(options.ImageColumnName, options.PixelScale, options.Resize);
            var handle = new NetworkHandle(network, images, ClassNames.Of(input.Schema[labels.Index]), options.BatchSize);
            Try(channel, handle, seed);
            (ITrainingImages training, ITrainingImages? validation) = Read(channel, input, labels, specification, seed);
            TrainingResult result = Train(channel, network, training, validation, seed);
            network.Backbone.eval();
            return new RobustAttributionModelTransformer(environment, handle, options.ScoreColumnName, options.PredictedLabelColumnName, result);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a network that cannot be trained, scored with or saved as the options say.</summary>
    private void Try(IChannel channel, NetworkHandle handle, long seed)
    {
        var trial = new NetworkTrial(handle, options.LabelColumnName, SplitMix64.Derive(seed, TrialPurpose));
        trial.RequireLogits(options.InitialWeightsPath);
        trial.RequireActivation(options.Activation, channel);
        trial.RequireSavable(options.ScoreColumnName, options.PredictedLabelColumnName);
        trial.WarnWithoutSecondDerivative(options.Objective, channel);
    }

    private (ITrainingImages Training, ITrainingImages? Validation) Read(
        IChannel channel, IDataView input, KeyColumn labels, InputSpecification specification, long seed)
    {
        InputSpecification read =
            options.TrainingSize is var (height, width) ? specification with { Height = height, Width = width } : specification;
        ITrainingImages training = Read(channel, input, labels, read, "training");
        if (options.ValidationSet is { } view)
        {
            return (training, Read(channel, view, ValidationLabels(view.Schema, input.Schema[labels.Index], labels), specification, "validation"));
        }

        return options.ValidationSetFraction is double share ? training.Split(share, SplitMix64.Derive(seed, SplitPurpose)) : (training, null);
    }

    private TrainingResult Train(IChannel channel, ImageNetwork network, ITrainingImages training, ITrainingImages? validation, long seed)
    {
        using IProgressChannel progress = host.StartProgressChannel("TrainModel");
        using var threads = new ThreadCount(options.Threads);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(options.CancellationToken);
        var reporter = new ProgressReporter(channel, progress, options.MetricsCallback);
        var trainer = new RobustTrainer(Description(seed));
        return trainer.Fit(network, new StoppableSource(environment, training, stop), validation is null ? null : new StoppableSource(environment, validation, stop), reporter.Report, stop.Token);
    }

    private TrainingOptions Description(long seed) => new()
    {
        Objective = options.Objective,
        Epochs = options.Epochs,
        BatchSize = options.BatchSize,
        Optimizer = options.WeightDecay is double decay ? options.Optimizer.WithWeightDecay(decay) : options.Optimizer,
        LearningRate = options.LearningRate,
        Schedule = options.Schedule ?? (options.Milestones is { } milestones ? new MultiStepSchedule(milestones) : new ConstantSchedule()),
        GradientClipNorm = options.GradientClipNorm,
        Augmentation = options.Augmentation,
        EarlyStopping = options.EarlyStopping,
        Checkpoints = options.Checkpoints,
        Seed = seed,
        ClassWeights = options.ClassWeights,
        HeadLearningRateFactor = options.HeadLearningRateFactor,
        FrozenPrefixes = options.FrozenModules,
        OnCancellation = options.OnCancellation,
        ProgressInterval = options.ProgressInterval,
    };

    private ImageNetwork NewNetwork(IChannel channel, InputSpecification specification, int classCount, long seed)
    {
        using var generator = new Generator((ulong)SplitMix64.Derive(seed, WeightsPurpose), CPU);
        ImageNetwork network = ImageNetwork.Create(options.Network, specification, classCount, options.Activation ?? options.Objective.RecommendedActivation ?? Activation.Relu, generator);
        if (options.InitialWeightsPath is not { } path)
        {
            return network;
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            LoadedWeights loaded = network.LoadMatchingWeights(file);
            string fresh = string.Join(", ", loaded.DifferentShape.Concat(loaded.Missing));
            channel.Info(MessageSensitivity.None, "{0}: {1} tensors loaded; fresh ones for: {2}", path, loaded.Loaded.Count, fresh.Length == 0 ? "none" : fresh);
            return network;
        }
        catch (FormatException error)
        {
            network.Dispose();
            throw new FormatException($"InitialWeightsPath '{path}': {error.Message}", error);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private InputSpecification Specification(DataViewSchema schema)
    {
        if (options.Input is { } given)
        {
            return given;
        }

        return ImageColumn.ShapeOf(schema, options.ImageColumnName) is (int channels, int height, int width)
            ? new InputSpecification(channels, height, width)
            : throw new ArgumentException(
                $"Image column '{options.ImageColumnName}' holds MLImages of any size, so the option Input must tell the shape that the network takes, e.g. new InputSpecification(3, 32, 32).");
    }

    private ITrainingImages Read(IChannel channel, IDataView view, KeyColumn labels, InputSpecification specification, string role)
    {
        bool cutsItself = options.TrainingSize is not null && role == "training"; // the augmentation cuts, where scoring keeps the centre
        ResizePolicy resize = cutsItself && options.Resize == ResizePolicy.CenterCrop ? ResizePolicy.Crop : options.Resize;
        ImageColumn images = ImageColumn.Bind(view.Schema, options.ImageColumnName, specification, options.PixelScale, resize);
        var rows = new TrainingRows(environment, view, images, labels, specification, options.BrokenRows, options.CancellationToken);
        ITrainingImages found = rows.Load(options.CacheBudgetInBytes);
        if (rows.Skipped > 0)
        {
            channel.Warning(MessageSensitivity.None, "{0} rows of the {1} set were left out, {2} are used. The first: {3}", rows.Skipped, role, found.Count, rows.FirstProblem);
        }

        if (found.Count == 0)
        {
            throw new ArgumentException($"The {role} set has no row with an image and a label{(rows.FirstProblem is null ? "." : $": {rows.FirstProblem}")}");
        }

        if (options.PixelScale == PixelScale.Bytes && images.IsFloatVector && found.LargestValue <= 1 / 255f)
        {
            throw new ArgumentException($"No value in image column '{options.ImageColumnName}' is above 1, so its images seem to be in 0…1. Set PixelScale = PixelScale.Unit.");
        }

        return found;
    }

    private KeyColumn ValidationLabels(DataViewSchema schema, DataViewSchema.Column trainingLabel, KeyColumn training)
    {
        KeyColumn labels = KeyColumn.Bind(schema, options.LabelColumnName);
        IReadOnlyList<string>? expected = ClassNames.Of(trainingLabel)?.Names;
        IReadOnlyList<string>? found = ClassNames.Of(schema[labels.Index])?.Names;
        bool same = expected is null || found is null ? labels.Count == training.Count : expected.SequenceEqual(found);
        return same
            ? labels
            : throw new ArgumentException(
                $"Label column '{labels.Name}' of ValidationSet has the classes {List(found, labels.Count)}; the training set has {List(expected, training.Count)}. Map both with the same fitted MapValueToKey.");

        static string List(IReadOnlyList<string>? names, int count) => names is null ? $"1 to {count}" : $"[{string.Join(", ", names)}]";
    }
}
