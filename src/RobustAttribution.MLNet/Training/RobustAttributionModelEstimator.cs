using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>
/// Makes an image classifier of a finished network: nothing is trained, and every weight and statistic is the network's own.
/// </summary>
/// <remarks>
/// What it gives explains, attacks, evaluates, saves and loads as a trained model does. Made by
/// <c>mlContext.Transforms.RobustImageClassificationFromNetwork</c>.
/// </remarks>
public sealed class RobustAttributionModelEstimator : IEstimator<RobustAttributionModelTransformer>
{
    private const string Registration = "RobustAttributionFromNetwork";
    private const string Refusal = "so no model can be made of it";
    private const int TrialSeed = 1;

    private static readonly SchemaShape.Column KeyValues = ShapeColumns.Vector(AnnotationKinds.KeyValues, TextDataViewType.Instance);

    private readonly IHost host;
    private readonly IHostEnvironment environment;
    private readonly InputSpecification input;
    private readonly ClassNames classes;
    private readonly Options options;
    private readonly ImageNetwork? network; // the caller's
    private readonly (NetworkCard Card, string WeightsPath)? file; // where there is no network

    internal RobustAttributionModelEstimator(
        IHostEnvironment environment, ImageNetwork network, IReadOnlyList<string> classNames, Options? options)
        : this(environment, Require.NotNull(network, nameof(network)).Input, classNames, options)
    {
        if (classNames.Count != network.ClassCount)
        {
            throw new ArgumentException(
                $"classNames has {classNames.Count} names; the network has {network.ClassCount} classes.", nameof(classNames));
        }

        if (network.DataType != ScalarType.Float32)
        {
            throw new ArgumentException(
                $"The network computes in {network.DataType}; allowed is Float32, in which a model file holds it.", nameof(network));
        }

        lock (network.SyncRoot)
        {
            Try(network); // now rather than after the other estimators of the pipeline
        }

        this.network = network;
    }

    internal RobustAttributionModelEstimator(
        IHostEnvironment environment,
        NetworkArchitecture architecture,
        string weightsPath,
        InputSpecification input,
        IReadOnlyList<string> classNames,
        Activation? activation,
        Options? options)
        : this(environment, Require.NotNull(input, nameof(input)), classNames, options)
    {
        var card = new NetworkCard(Require.NotNull(architecture, nameof(architecture)), input, classNames.Count, activation);
        Require.NotNull(weightsPath, nameof(weightsPath));
        if (!File.Exists(weightsPath))
        {
            throw new FileNotFoundException($"weightsPath is '{weightsPath}'; there is no such file.", weightsPath);
        }

        file = (card, weightsPath);
    }

    private RobustAttributionModelEstimator(
        IHostEnvironment environment, InputSpecification input, IReadOnlyList<string> classNames, Options? options)
    {
        this.environment = environment;
        this.input = input;
        this.options = options ?? new Options();
        this.options.Validate();
        input.Validate();
        classes = ClassNames.Of(classNames);
        host = environment.Register(Registration);
    }

    /// <summary>Where images, scores and labels are. Each option checks its value when it is set.</summary>
    public sealed record Options
    {
        /// <summary>
        /// A key column whose classes are compared with the class names where the data has it; null compares nothing. "Label" by default.
        /// </summary>
        public string? LabelColumnName { get; init; } = "Label";

        /// <inheritdoc cref="RobustAttributionImageClassificationTrainer.Options.ImageColumnName"/>
        public string ImageColumnName { get; init => field = Require.NotNull(value); } = "Image";

        /// <inheritdoc cref="RobustAttributionImageClassificationTrainer.Options.ScoreColumnName"/>
        public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

        /// <inheritdoc cref="RobustAttributionImageClassificationTrainer.Options.PredictedLabelColumnName"/>
        public string PredictedLabelColumnName { get; init => field = Require.NotNull(value); } = "PredictedLabel";

        /// <inheritdoc cref="RobustAttributionImageClassificationTrainer.Options.PixelScale"/>
        public PixelScale PixelScale { get; init => field = Require.Defined(value); } = PixelScale.Bytes;

        /// <inheritdoc cref="RobustAttributionImageClassificationTrainer.Options.Resize"/>
        public ResizePolicy Resize { get; init => field = Require.Defined(value); } = ResizePolicy.Crop;

        /// <summary>Images in one computation, 1 to 65,536. 128 by default. The model remembers it.</summary>
        public int BatchSize { get; init => field = Require.InRange(value, 1, Limits.BatchSize); } = TrainingOptions.LargestDefaultBatch;

        internal ImageInput Images => new(ImageColumnName, PixelScale, Resize);

        internal void Validate() => ColumnNames.RequireDistinct(
            [(nameof(ScoreColumnName), ScoreColumnName), (nameof(PredictedLabelColumnName), PredictedLabelColumnName)],
            (nameof(LabelColumnName), LabelColumnName),
            (nameof(ImageColumnName), ImageColumnName));
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ImageColumn.CheckShape(Require.NotNull(inputSchema, nameof(inputSchema)), options.ImageColumnName);
        return inputSchema.With(ScoreColumns.Promise(KeyValues, options.ScoreColumnName, options.PredictedLabelColumnName));
    }

    /// <summary>Makes the model, in evaluation mode, on the device of the MLContext; no row is read.</summary>
    /// <param name="input">Rows of the columns that the model will score.</param>
    /// <returns>
    /// The model. It owns a network of its own, so dispose of it (or of the chain it is part of) when it is no longer needed; a network that was
    /// handed
    /// in stays the caller's.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// A column does not fit, the label key has other classes, or the network does not answer with one finite logit for each class.
    /// </exception>
    /// <exception cref="FormatException">The weights file is no weights, or does not fit the architecture; the message names the file.</exception>
    /// <exception cref="NotSupportedException">
    /// The model could not be saved, e.g. because the architecture is not registered with
    /// <see cref="RobustAttribution.Serialization.ComponentJson"/>.
    /// </exception>
    public RobustAttributionModelTransformer Fit(IDataView input)
    {
        DataViewSchema schema = Require.NotNull(input, nameof(input)).Schema;
        CheckLabels(schema);
        ImageColumn.Bind(schema, options.ImageColumnName, this.input, options.PixelScale, options.Resize);
        using IDisposable? mode = InferenceMode.Leave();
        using IChannel channel = host.Start("MakeModel");
        ImageNetwork own = network is null ? Load(file!.Value.Card, file.Value.WeightsPath, channel) : Copy(network);
        try
        {
            own.MoveTo(DeviceChoice.Resolve(environment, channel.Warn));
            return new RobustAttributionModelTransformer(
                environment, Handle(own), options.ScoreColumnName, options.PredictedLabelColumnName, training: null);
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    private NetworkHandle Handle(ImageNetwork network) => new(network, options.Images, classes, options.BatchSize);

    private NetworkTrial Try(ImageNetwork network, string? weightsPath = null)
    {
        var trial = new NetworkTrial(Handle(network), "the list of class names", TrialSeed);
        trial.RequireLogits(weightsPath, nameof(weightsPath));
        trial.RequireSavable(options.ScoreColumnName, options.PredictedLabelColumnName, Refusal);
        return trial;
    }

    /// <summary>A network of its own, which answers as the one handed in.</summary>
    /// <exception cref="NotSupportedException">It answers otherwise, so something in the network is not saved.</exception>
    private static ImageNetwork Copy(ImageNetwork network)
    {
        lock (network.SyncRoot)
        {
            ImageNetwork copy = network.Copy();
            try
            {
                copy.MoveTo(network.Device);
                using IDisposable scope = NewDisposeScope();
                using IDisposable gradients = no_grad();
                using IDisposable mode = network.WithMode(training: false);
                Tensor images = network.Input.SampleImages(TrialSeed).to(network.DataType, network.Device);
                return copy.Logits(images).allclose(network.Logits(images), rtol: 1e-4, atol: 1e-5)
                    ? copy
                    : throw new NotSupportedException(
                        $"Network {network.Backbone.GetName()}, built again with the same parameters and buffers, answers otherwise, {Refusal}:"
                        + " a forward hook, or what its modules keep beside parameters, buffers and the options of its architecture, is not saved.");
            }
            catch
            {
                copy.Dispose();
                throw;
            }
        }
    }

    private ImageNetwork Load(NetworkCard card, string weightsPath, IChannel channel)
    {
        ImageNetwork network = Read(card, weightsPath);
        try
        {
            Try(network, weightsPath).RequireActivation(card.Activation, channel);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static ImageNetwork Read(NetworkCard card, string weightsPath)
    {
        using FileStream file = File.OpenRead(weightsPath);
        try
        {
            return card.Build(file);
        }
        catch (FormatException error)
        {
            throw new FormatException($"weightsPath '{weightsPath}': {error.Message}", error);
        }
    }

    private void CheckLabels(DataViewSchema schema)
    {
        if (options.LabelColumnName is not { } name || schema.GetColumnOrNull(name) is not { Type: KeyDataViewType } column)
        {
            return;
        }

        KeyColumn labels = KeyColumn.Bind(schema, name);
        IReadOnlyList<string>? found = ClassNames.Of(column)?.Names;
        if (found is null ? labels.Count != classes.Names.Count : !found.SequenceEqual(classes.Names))
        {
            throw new ArgumentOutOfRangeException(
                nameof(schema),
                $"Label column '{name}' has the classes [{string.Join(", ", found ?? [$"1 to {labels.Count}"])}]; the network's outputs were named"
                + $" [{string.Join(", ", classes.Names)}]. Map the labels with MapValueToKey and its keyData, a view of one column with these names"
                + $" in this order; or set {nameof(Options.LabelColumnName)} to another column, or to null for none.");
        }
    }
}
