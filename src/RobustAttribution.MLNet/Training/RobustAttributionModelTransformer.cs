using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using RobustAttribution.Onnx;
using RobustAttribution.Serialization;
using RobustAttribution.Training;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.RobustAttributionModelTransformer),
    null,
    typeof(SignatureLoadModel),
    "Robust image classification",
    RobustAttribution.MLNet.RobustAttributionModelTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>
/// A trained image classifier: adds <c>PredictedLabel</c> (key) and <c>Score</c> (probabilities of the classes). Owns its network.
/// </summary>
/// <remarks>Dispose of it, or of its chain, when no view made with it or with later transformers of the chain is used any more.</remarks>
public sealed class RobustAttributionModelTransformer : BatchTransformer, IDisposable
{
    internal const string LoaderSignature = "RobustAttributionModel";
    private const string WeightsEntry = "Weights.safetensors";
    private static readonly ModelFormat Format = new("RBATTMDL", LoaderSignature);

    private readonly NetworkHandle handle;

    internal RobustAttributionModelTransformer(
        IHostEnvironment environment, NetworkHandle handle, string scoreColumnName, string predictedLabelColumnName, TrainingResult? training)
        : base(environment)
    {
        this.handle = handle;
        ScoreColumnName = scoreColumnName;
        PredictedLabelColumnName = predictedLabelColumnName;
        Training = training;
    }

    /// <summary>
    /// The trained network, in evaluation mode. Every view made by this transformer uses it: lock its <see cref="ImageNetwork.SyncRoot"/> while you
    /// use it, and do not dispose of it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This transformer was disposed.</exception>
    public ImageNetwork Network => handle.Network;

    /// <summary>How the training went; null for a model that was loaded, or made of a finished network.</summary>
    public TrainingResult? Training { get; }

    /// <summary>Names of the classes in the order of the scores; null where the label key had no values.</summary>
    public IReadOnlyList<string>? ClassNames => handle.ClassNames?.Names;

    /// <summary>The column of images.</summary>
    public string ImageColumnName => handle.Images.ColumnName;

    /// <summary>The column of probabilities, which carries the network on.</summary>
    public string ScoreColumnName { get; }

    /// <summary>The column of predicted labels.</summary>
    public string PredictedLabelColumnName { get; }

    /// <summary>Frees the network, waiting for a computation that runs. Harmless when repeated.</summary>
    public void Dispose() => handle.Dispose();

    private protected override BatchMapper Bind(DataViewSchema schema)
        => ScoreColumns.Bind(Environment, schema, handle, ScoreColumnName, PredictedLabelColumnName);

    private protected override void Save(ModelSaveContext context)
    {
        lock (handle.Network.SyncRoot)
        {
            string card = CardJson.Write(ModelCard.Of(handle, ScoreColumnName, PredictedLabelColumnName));
            Format.Write(context, card, (WeightsEntry, handle.Network.SaveWeights));
        }
    }

    /// <summary>Writes the network as ONNX, with the classes' names and the way that images are brought to their size in the metadata.</summary>
    internal void SaveAsOnnx(Stream stream, OnnxExportOptions options)
    {
        var metadata = new Dictionary<string, string>(options.Metadata) { ["Resize"] = handle.Images.Resize.ToString() };
        OnnxExportOptions described = options with { ClassNames = options.ClassNames ?? ClassNames, Metadata = metadata };
        handle.Use(network => network.SaveAsOnnx(stream, described));
    }

    /// <summary>A network of its own with this model's weights, to train on from.</summary>
    /// <param name="architecture">The architecture in the trainer's options.</param>
    /// <param name="input">The images it will be trained on.</param>
    /// <param name="activation">The activation to train with; null keeps the model's.</param>
    /// <exception cref="ArgumentException">This model's network is another one.</exception>
    internal ImageNetwork CloneNetwork(NetworkArchitecture architecture, InputSpecification input, Activation? activation)
    {
        lock (handle.Network.SyncRoot)
        {
            NetworkCard card = NetworkCard.Of(handle.Network);
            if (RoundTrip.Difference(card.Architecture, architecture) is not null)
            {
                bool ofOneType = card.Architecture.GetType() == architecture.GetType();
                throw Other("Network", Text(card.Architecture), Text(architecture));

                string Text(NetworkArchitecture value) => ofOneType ? ComponentJson.Write(value) : value.GetType().Name;
            }

            if (!card.Input.Equals(input))
            {
                throw Other("Input", ComponentJson.Write(card.Input), ComponentJson.Write(input));
            }

            if (FiniteValues.FirstOther(WeightSnapshot.Of(handle.Network)) is { } name)
            {
                throw new ArgumentException($"The model to start from has no finite logits. Its '{name}' is not finite.");
            }

            return handle.Network.Copy(activation);
        }
    }

    private static ArgumentException Other(string option, string model, string options)
        => new($"The model to start from has the {option} {model}, and the options and the data have {options}; they must be the same.");

    private static RobustAttributionModelTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        IHost host = env.Register(LoaderSignature);
        using IChannel channel = host.Start("LoadModel");
        ModelPart part = Format.Read(ctx);
        ModelCard card = CardJson.Read<ModelCard>(part.Card);
        NetworkCard networkCard = NetworkCard.FromJson(card.Network.GetRawText());
        ClassNames? names = card.Classes is null ? null : Columns.ClassNames.FromCard(card.Classes);
        if (names is not null && names.Names.Count != networkCard.ClassCount)
        {
            throw new FormatException($"The model file names {names.Names.Count} classes for a network of {networkCard.ClassCount}.");
        }

        if (card.BatchSize is < 1 or > Limits.BatchSize)
        {
            throw new FormatException(
                $"The model file has the batch size {card.BatchSize}; allowed are whole numbers from 1 to {Limits.BatchSize}.");
        }

        ImageNetwork network = part.ReadStream(WeightsEntry, networkCard.Build);
        network.MoveTo(DeviceChoice.Resolve(env, channel.Warn));
        var handle = new NetworkHandle(network, card.Images, names, card.BatchSize);
        return new RobustAttributionModelTransformer(env, handle, card.ScoreColumnName, card.PredictedLabelColumnName, null);
    }
}
