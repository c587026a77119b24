using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet;

/// <summary>Attacks the explanations of the network that a Score column carries, and says how they changed. Made by <c>mlContext.Transforms.AttributionAttack</c>.</summary>
/// <remarks>There is nothing to fit; the network is found in the schema, when fitting to fail early and again when transforming.</remarks>
public sealed class AttributionAttackEstimator : IEstimator<AttributionAttackTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal AttributionAttackEstimator(IHostEnvironment environment, Options options)
    {
        this.environment = environment;
        this.options = Require.NotNull(options, nameof(options)).Copy();
    }

    /// <inheritdoc/>
    public AttributionAttackTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new AttributionAttackTransformer(environment, options);
        _ = transformer.GetOutputSchema(input.Schema); // finds what is wrong with the columns now
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        NetworkHandle.CheckShape(inputSchema, options.ScoreColumnName, options.ImageColumnName, "AttributionAttack");

        List<SchemaShape.Column> outputs = [];
        if (options.OutputColumnName is { } attacked)
        {
            outputs.Add(ShapeColumns.Vector(attacked, NumberDataViewType.Single));
        }

        if (options.AttackedMLImageColumnName is { } image)
        {
            outputs.Add(ShapeColumns.Scalar(image, new ImageDataViewType()));
        }

        SchemaShape.Column[] names = NetworkHandle.ClassNamesPromise(inputSchema, options.ScoreColumnName);
        foreach (string? label in new[] { options.CleanPredictedLabelColumnName, options.PredictedLabelColumnName })
        {
            if (label is not null)
            {
                outputs.Add(ShapeColumns.Scalar(label, NumberDataViewType.UInt32, isKey: true, names));
            }
        }

        if (options.ValidColumnName is { } valid)
        {
            outputs.Add(ShapeColumns.Scalar(valid, BooleanDataViewType.Instance));
        }

        outputs.AddRange(options.Similarities.Select(similarity => similarity.Promise()));
        return inputSchema.With(outputs);
    }

    /// <summary>What attack, and what is said of its result. Each option checks its value when it is set.</summary>
    public sealed class Options
    {
        /// <summary>The attack. <see cref="TopKAttack"/> with its defaults by default.</summary>
        public IAttributionAttack Attack { get; set => field = Require.NotNull(value); } = new TopKAttack();

        /// <summary>The attribution whose maps are compared. The input gradient by default.</summary>
        public IAttributionMethod Method { get; set => field = Require.NotNull(value); } = new InputGradient();

        /// <summary>How it becomes a map. Magnitudes summed over the channels by default.</summary>
        public MapReduction Reduction { get; set => field = Require.NotNull(value); } = new();

        /// <summary>
        /// New columns that compare the map of each image with that of its attacked copy, both for the class predicted before; NaN where the attack found
        /// no valid copy. By default top-100 intersection, Kendall τ, Pearson and cosine.
        /// </summary>
        public IReadOnlyList<SimilarityColumn> Similarities { get; set => field = [.. Require.NotNull(value)]; } = SimilarityColumn.Defaults;

        /// <summary>The new column of attacked images, vectors of C×H×W values in the range that the model was trained on; null for none. "AttackedImage" by default.</summary>
        public string? OutputColumnName { get; set; } = "AttackedImage";

        /// <summary>A new column of attacked images as MLImages, rounded to bytes (which may undo a small ε). Null, the default, for none.</summary>
        [JsonPropertyName("pictureColumnName")] // its name in files
        public string? AttackedMLImageColumnName { get; set; }

        /// <summary>The new column of the labels predicted for the attacked images; null for none. "AttackedPredictedLabel" by default.</summary>
        public string? PredictedLabelColumnName { get; set; } = "AttackedPredictedLabel";

        /// <summary>A new column of the labels predicted for the images themselves, those that the attack explains. Null, the default, for none.</summary>
        public string? CleanPredictedLabelColumnName { get; set; }

        /// <summary>The new column that says whether a valid attacked copy was found, for most attacks one with the same predicted label; null for none. "AttackValid" by default.</summary>
        public string? ValidColumnName { get; set; } = "AttackValid";

        /// <summary>The column that carries the network. "Score" by default.</summary>
        public string ScoreColumnName { get; set => field = Require.NotNull(value); } = "Score";

        /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
        public string? ImageColumnName { get; set; }

        /// <summary>
        /// Start of the attack's random draws; 0 by default. They depend on it and on the images of a batch, so one view always gives the same values; in another
        /// order, or row by row, an attack with a random start draws differently.
        /// </summary>
        public int Seed { get; set; }

        /// <summary>Images in one computation, at least 1; null, the default, takes the model's.</summary>
        public int? BatchSize { get; set => field = value is null ? null : Require.InRange(value.Value, 1); }

        internal Options Copy() => (Options)MemberwiseClone();
    }
}
