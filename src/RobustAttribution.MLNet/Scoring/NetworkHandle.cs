using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>
/// A trained network and how images reach it, as it travels from the transformer that owns it to later ones: as an annotation of the Score column
/// (docs/decisions/network-annotation.md). Several transformers share one; the one that owns it frees it.
/// </summary>
internal sealed class NetworkHandle(ImageNetwork network, ImageInput images, ClassNames? classNames, int batchSize) : IDisposable
{
    /// <summary>The annotation's name.</summary>
    public const string AnnotationKind = "RobustAttributionNetwork";

    private readonly string name = network.Backbone.GetName();
    private bool disposed;

    /// <summary>What images the network takes.</summary>
    public InputSpecification Input { get; } = network.Input;

    /// <summary>K.</summary>
    public int ClassCount { get; } = network.ClassCount;

    /// <summary>Where the images are and how they are scaled.</summary>
    public ImageInput Images { get; } = images;

    /// <summary>What the classes are called; null where the label key had no values.</summary>
    public ClassNames? ClassNames { get; } = classNames;

    /// <summary>Rows in one computation, where no option says otherwise.</summary>
    public int BatchSize { get; } = batchSize;

    /// <summary>The network, for its owner.</summary>
    public ImageNetwork Network => disposed ? throw Disposed() : network;

    /// <summary>
    /// Runs <paramref name="use"/> on the network in evaluation mode with frozen parameters outside inference mode, while nobody else uses it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The transformer that owns the network was disposed.</exception>
    public void Use(Action<ImageNetwork> use)
    {
        lock (network.SyncRoot)
        {
            using IDisposable? mode = InferenceMode.Leave();
            using IDisposable inspection = (disposed ? throw Disposed() : network).ForInspection();
            use(network);
        }
    }

    /// <summary>Frees the network, once nobody uses it any more.</summary>
    public void Dispose()
    {
        lock (network.SyncRoot)
        {
            disposed = true;
            network.Dispose();
        }
    }

    public override string ToString() => $"{name}, {Input.Channels}×{Input.Height}×{Input.Width} to {ClassCount} classes";

    /// <summary>The annotation that hands the network on.</summary>
    public void AddTo(DataViewSchema.Annotations.Builder annotations)
        => annotations.Add(AnnotationKind, NetworkHandleType.Instance, (ref NetworkHandle handle) => handle = this);

    /// <summary>A key column with the network's classes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, not a key, or has other classes.</exception>
    public KeyColumn BindLabels(DataViewSchema schema, string name)
    {
        KeyColumn labels = KeyColumn.Bind(schema, name);
        IReadOnlyList<string>? expected = ClassNames?.Names;
        IReadOnlyList<string>? found = Columns.ClassNames.Of(schema[labels.Index])?.Names;
        bool same = expected is null || found is null ? labels.Count == ClassCount : expected.SequenceEqual(found);
        return same ? labels : throw new ArgumentOutOfRangeException(
            nameof(schema),
            $"Label column '{name}' has the classes [{string.Join(", ", found ?? [$"1 to {labels.Count}"])}]; the network was trained on"
            + $" [{string.Join(", ", expected ?? [$"1 to {ClassCount}"])}]."
            + " Map the labels with the MapValueToKey that was fitted with the network.");
    }

    /// <summary>Finds the network in a schema.</summary>
    /// <param name="schema">The schema of a view that a model with this network has scored.</param>
    /// <param name="column">The column expected to carry it.</param>
    /// <param name="user">The component that wants it, for errors.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The column does not carry a network; the message names the column that does or did, and what to do.
    /// </exception>
    public static NetworkHandle Find(DataViewSchema schema, string column, string user)
    {
        if (schema.GetColumnOrNull(column) is { } found && TryGet(found, out NetworkHandle? handle))
        {
            return handle!;
        }

        string? elsewhere = schema.Where(other => !other.IsHidden && TryGet(other, out _)).Select(other => other.Name).FirstOrDefault();
        bool replaced = schema.Any(other => other.IsHidden && other.Name == column && TryGet(other, out _));
        throw NotFound(column, user, schema.GetColumnOrNull(column) is not null, replaced, elsewhere);
    }

    /// <summary>Checks before fitting what <see cref="Find"/> requires, and that the column of images, where one is named, can hold them.</summary>
    public static void CheckShape(SchemaShape shape, string column, string? imageColumn, string user)
    {
        SchemaShape.Column? found = Interop.ShapeColumns.Find(shape, column);
        if (found is null || !Carries(found.Value))
        {
            string? elsewhere = shape.Where(Carries).Select(other => other.Name).FirstOrDefault();
            throw NotFound(column, user, found is not null, false, elsewhere);
        }

        if (imageColumn is not null)
        {
            ImageColumn.CheckShape(shape, imageColumn);
        }

        static bool Carries(SchemaShape.Column column) => column.Annotations.Any(annotation => annotation.Name == AnnotationKind);
    }

    private static ObjectDisposedException Disposed() => new(
        "RobustAttribution.MLNet.RobustAttributionModelTransformer", // the owner
        "The model was disposed, and its network with it. A PredictionEngine disposes of its model unless it is made with"
        + " new PredictionEngineOptions { OwnsTransformer = false }; create it last, or so.");

    private static bool TryGet(DataViewSchema.Column column, out NetworkHandle? handle)
    {
        handle = null;
        if (column.Annotations.Schema.GetColumnOrNull(AnnotationKind)?.Type is not NetworkHandleType)
        {
            return false;
        }

        column.Annotations.GetValue(AnnotationKind, ref handle!);
        return true;
    }

    private static ArgumentOutOfRangeException NotFound(string column, string user, bool present, bool replaced, string? elsewhere)
    {
        string state = !present ? $"there is no column '{column}'"
            : replaced ? $"column '{column}' lost it: a transform after the classifier wrote a new column of that name"
            : $"column '{column}' does not carry one (transforms that compute new values, such as ConvertType or NormalizeMinMax, and files,"
                + " such as SaveAsBinary, drop it)";
        string advice = elsewhere is not null
            ? $"Column '{elsewhere}' carries a network: set ScoreColumnName = \"{elsewhere}\"."
            : "Put RobustImageClassification before it in the same pipeline, or apply the trained model to the images again with its Transform.";
        return new ArgumentOutOfRangeException(
            nameof(column), $"{user} explains the network that column '{column}' carries, but {state}. {advice}");
    }
}

/// <summary>The type of the annotation that carries a <see cref="NetworkHandle"/>.</summary>
internal sealed class NetworkHandleType : StructuredDataViewType
{
    private NetworkHandleType()
        : base(typeof(NetworkHandle))
    {
    }

    public static NetworkHandleType Instance { get; } = new();

    public override bool Equals(DataViewType? other) => other is NetworkHandleType;

    public override bool Equals(object? obj) => obj is NetworkHandleType;

    public override int GetHashCode() => typeof(NetworkHandle).GetHashCode();

    public override string ToString() => "Network";
}
