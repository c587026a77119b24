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
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>
/// Trains an image classifier whose saliency maps hold against invisible perturbations, or one to compare it with: the objective decides.
/// </summary>
/// <remarks>
/// Reads a key label and a column of images, adds <c>PredictedLabel</c> and <c>Score</c> as every multiclass trainer of ML.NET does. <c>Score</c>
/// carries the network to <c>Saliency</c> and <c>AttributionAttack</c> later in the pipeline. Made by
/// <c>mlContext.Transforms.RobustImageClassification</c> and <c>mlContext.MulticlassClassification.Trainers.RobustImageClassification</c>.
/// </remarks>
public sealed partial class RobustAttributionImageClassificationTrainer : IEstimator<RobustAttributionModelTransformer>
{
    private const string Registration = "RobustAttributionTrainer";
    private const int SplitPurpose = 100; // purposes below are the core trainer's
    private const int WeightsPurpose = 101;
    private const int TrialPurpose = 102;
    private const int InitializationPurpose = 103;
    private const int InitializationImages = 128;

    private readonly IHost host;
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal RobustAttributionImageClassificationTrainer(IHostEnvironment environment, Options options)
    {
        this.environment = environment;
        this.options = Require.NotNull(options, nameof(options));
        options.Validate();
        host = environment.Register(Registration);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ImageColumn.CheckShape(inputSchema, options.ImageColumnName);
        SchemaShape.Column label = SchemaColumns.Require(inputSchema, options.LabelColumnName, "a key column");
        return label.IsKey && label.Kind == SchemaShape.Column.VectorKind.Scalar
            ? inputSchema.With(ScoreColumns.Promise(
                label.Annotations.Find(AnnotationKinds.KeyValues), options.ScoreColumnName, options.PredictedLabelColumnName))
            : throw new ArgumentOutOfRangeException(nameof(inputSchema), KeyColumn.NotAKey(options.LabelColumnName, label.Describe()));
    }

    /// <summary>Trains a network from fresh weights.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The trained model; owns its network, so dispose of it (or of the chain it is part of) when it is no longer needed.</returns>
    public RobustAttributionModelTransformer Fit(IDataView input) => Fit(input, null);

    /// <summary>Trains on, from the weights of a fitted model.</summary>
    /// <param name="input">The training rows; the label key must have the model's classes in the model's order.</param>
    /// <param name="startFrom">The model to start from, which stays as it is; null for fresh weights.</param>
    /// <exception cref="ArgumentException">
    /// The options do not fit the data or the network, the model's network or classes are others, or the network does not answer with one finite
    /// logit for each class; nothing was trained.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// The model could not be saved, e.g. because the architecture is not registered with
    /// <see cref="RobustAttribution.Serialization.ComponentJson"/>; nothing was trained.
    /// </exception>
    /// <returns>The trained model; owns a network of its own.</returns>
    public RobustAttributionModelTransformer Fit(IDataView input, RobustAttributionModelTransformer? startFrom)
    {
        Require.NotNull(input, nameof(input));
        ThreadCount.Begin();
        using IDisposable? mode = InferenceMode.Leave();
        using IChannel channel = host.Start("TrainModel");
        if (startFrom is not null && options.DataDependentInitialization == true)
        {
            throw new ArgumentException("DataDependentInitialization is true, which scales fresh weights, and the training starts from a model's.");
        }

        ICommunicator ranks = options.Communicator;
        long? given = options.Seed ?? HostSettings.Seed(environment);
        ranks.RequireSame(($"{nameof(options.Seed)} (or else that of MLContext)", given));
        long seed = ranks.Shared(given ?? (options.Checkpoints is null
            ? host.Rand.Next()
            : throw new InvalidOperationException(
                "Checkpoints are set, and a training is resumed with the seed that it began with: set the option Seed, or give MLContext a seed.")));
        if (ranks.Size > 1)
        {
            channel.Inform($"Training with {ranks}.");
        }

        KeyColumn labels = Labels(input, startFrom);
        ClassNames? names = ClassNames.Of(input.Schema[labels.Index]);
        InputSpecification specification = Specification(input.Schema);
        ImageNetwork network = startFrom is null
            ? NewNetwork(specification, labels.Count, seed)
            : startFrom.CloneNetwork(options.Network, specification, options.Activation);
        try
        {
            if (startFrom is null)
            {
                LoadInitialWeights(channel, network);
            }

            network.MoveTo(DeviceChoice.Resolve(environment, channel.Warn, ranks.LocalRank));
            var images = new ImageInput(options.ImageColumnName, options.PixelScale, options.Resize);
            var handle = new NetworkHandle(network, images, names, options.BatchSize ?? TrainingOptions.LargestDefaultBatch);
            Try(channel, handle, seed);
            (ITrainingImages Training, ITrainingImages? Validation) read = Read(channel, input, labels, specification, seed);
            if (startFrom is null && options.InitialWeightsPath is null)
            {
                ScaleWeights(channel, network, read.Training, SplitMix64.Derive(seed, InitializationPurpose));
            }

            TrainingResult result = Train(channel, network, read, seed);
            return new RobustAttributionModelTransformer(environment, handle, options.ScoreColumnName, options.PredictedLabelColumnName, result);
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The label column, with at least two classes, which are those of the model to start from.</summary>
    private KeyColumn Labels(IDataView input, RobustAttributionModelTransformer? startFrom)
    {
        KeyColumn labels = KeyColumn.Bind(input.Schema, options.LabelColumnName);
        if (labels.Count < 2)
        {
            using DataViewRowCursor rows = input.GetRowCursor([]);
            throw new ArgumentException(rows.MoveNext()
                ? $"Label column '{labels.Name}' has the classes {Text(Classes(input, labels))}; allowed are at least 2."
                : $"The training set has no row, so label column '{labels.Name}' has no classes.");
        }

        if (startFrom is not null)
        {
            (IReadOnlyList<string>?, int) expected = (startFrom.ClassNames, startFrom.Network.ClassCount);
            RequireSame(Classes(input, labels), $"Label column '{labels.Name}'", expected, "the model to start from");
        }

        return labels;
    }

    /// <summary>Throws unless the network can be trained, scored with and saved as the options say.</summary>
    private void Try(IChannel channel, NetworkHandle handle, long seed)
    {
        options.CheckAgainst(handle.Network);
        var trial = new NetworkTrial(handle, $"label column '{options.LabelColumnName}'", SplitMix64.Derive(seed, TrialPurpose));
        trial.RequireLogits(options.InitialWeightsPath);
        trial.RequireActivation(options.Activation, channel);
        trial.RequireSavable(options.ScoreColumnName, options.PredictedLabelColumnName);
        trial.RequireDerivatives(options.Objective);
    }

    private (ITrainingImages Training, ITrainingImages? Validation) Read(
        IChannel channel, IDataView input, KeyColumn labels, InputSpecification specification, long seed)
    {
        InputSpecification read =
            options.TrainingSize is var (height, width) ? specification with { Height = height, Width = width } : specification;
        ITrainingImages training = Read(channel, input, labels, read, "training");
        if (options.ValidationSet is { } view)
        {
            KeyColumn others = KeyColumn.Bind(view.Schema, options.LabelColumnName);
            RequireSame(Classes(view, others), $"Label column '{labels.Name}' of ValidationSet", Classes(input, labels), "the training set");
            return (training, Read(channel, view, others, specification, "validation"));
        }

        if (options.ValidationSetFraction is not double share)
        {
            return (training, null);
        }

        (ITrainingImages remaining, ITrainingImages held) = training.Split(share, SplitMix64.Derive(seed, SplitPurpose));
        return remaining.Count > 0 && held.Count > 0
            ? (remaining, held)
            : throw new ArgumentException(
                $"ValidationSetFraction is {share} of {training.Count} images, which leaves {remaining.Count} to train on and {held.Count} to"
                + " validate with; allowed is a share that leaves at least one of each.");
    }

    private TrainingResult Train(IChannel channel, ImageNetwork network, (ITrainingImages Training, ITrainingImages? Validation) images, long seed)
    {
        using IProgressChannel progress = host.StartProgressChannel("TrainModel");
        using IDisposable threads = ThreadCount.Set(options.Threads);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(options.CancellationToken);
        var reporter = new ProgressReporter(channel, progress, options.MetricsCallback);
        return new RobustTrainer(options with { Seed = seed })
            .Fit(network, Stoppable(images.Training), images.Validation is null ? null : Stoppable(images.Validation), reporter.Report, stop.Token);

        StoppableSource Stoppable(ITrainingImages source) => new(environment, source, stop);
    }

    private ImageNetwork NewNetwork(InputSpecification specification, int classCount, long seed)
    {
        using var generator = new Generator((ulong)SplitMix64.Derive(seed, WeightsPurpose), CPU);
        Activation activation = options.Activation ?? options.Objective.RecommendedActivation ?? Activation.Relu;
        return ImageNetwork.Create(options.Network, specification, classCount, activation, generator);
    }

    private void ScaleWeights(IChannel channel, ImageNetwork network, ITrainingImages images, long seed)
    {
        bool isStill = images.Count < TrainingOptions.ManyImages && network.IsBuiltIn && !network.Modules.Any(module => module is BatchNorm2d);
        if (!(options.DataDependentInitialization ?? isStill))
        {
            return;
        }

        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        using ImageBatch batch = images.Read((int)Math.Min(images.Count, InitializationImages), seed).First();
        network.InitializeFrom(BatchPreparation.ToNetwork(batch, network, options.Augmentation, generator).Images);
        channel.Inform($"Initial weights scaled to {batch.Images.shape[0]} training images.");
    }

    private void LoadInitialWeights(IChannel channel, ImageNetwork network)
    {
        if (options.InitialWeightsPath is not { } path)
        {
            return;
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            LoadedWeights loaded = network.LoadMatchingWeights(file);
            string fresh = string.Join(", ", loaded.DifferentShape.Concat(loaded.Missing));
            channel.Inform($"{path}: {loaded.Loaded.Count} tensors loaded; fresh ones for: {(fresh.Length == 0 ? "none" : fresh)}");
        }
        catch (FormatException error)
        {
            throw new FormatException($"InitialWeightsPath '{path}': {error.Message}", error);
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
                $"Image column '{options.ImageColumnName}' holds MLImages of any size, so the option Input is required: the shape that the network"
                + " takes, e.g. new InputSpecification(3, 32, 32).");
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
            channel.Warn($"{rows.Skipped} rows of the {role} set were left out, {found.Count} are used. The first: {rows.FirstProblem}");
        }

        if (found.Count == 0)
        {
            string why = rows.FirstProblem is null ? "." : $": {rows.FirstProblem}";
            throw new ArgumentException($"The {role} set has no row with an image and a label{why}");
        }

        return images.ScaleProblem(found.LargestValue) is { } problem
            ? throw new ArgumentException($"{problem} Set PixelScale = PixelScale.Unit.")
            : found;
    }

    private static (IReadOnlyList<string>? Names, int Count) Classes(IDataView view, KeyColumn labels)
        => (ClassNames.Of(view.Schema[labels.Index])?.Names, labels.Count);

    // Without names the numbers of classes are compared.
    private static void RequireSame(
        (IReadOnlyList<string>? Names, int Count) classes, string owner, (IReadOnlyList<string>? Names, int Count) others, string otherOwner)
    {
        if (classes.Count != others.Count || (classes.Names is not null && others.Names is not null && !classes.Names.SequenceEqual(others.Names)))
        {
            throw new ArgumentException(
                $"{owner} has the classes {Text(classes)}; {otherOwner} has {Text(others)}. Map both with the same fitted MapValueToKey.");
        }
    }

    private static string Text((IReadOnlyList<string>? Names, int Count) classes)
        => classes.Names is null ? $"1 to {classes.Count}" : $"[{string.Join(", ", classes.Names)}]";
}
