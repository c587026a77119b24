using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet;

/// <summary>Adds saliency maps of the network that a Score column carries. Made by <c>mlContext.Transforms.Saliency</c>.</summary>
/// <remarks>There is nothing to fit; the network is found in the schema, when fitting to fail early and again when transforming.</remarks>
public sealed class SaliencyEstimator : IEstimator<SaliencyTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal SaliencyEstimator(IHostEnvironment environment, Options options)
    {
        this.environment = environment;
        this.options = Require.NotNull(options, nameof(options)).Copy();
        options.Target.Validate();
    }

    /// <inheritdoc/>
    public SaliencyTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new SaliencyTransformer(environment, options);
        _ = transformer.GetOutputSchema(input.Schema); // finds what is wrong with the columns now
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        NetworkHandle.CheckShape(inputSchema, options.ScoreColumnName, options.ImageColumnName, "Saliency");

        if (options.Target.ColumnName is { } target)
        {
            SchemaShape.Column column = SchemaColumns.Require(inputSchema, target, "the key column that names the class to explain");
            if (!column.IsKey)
            {
                throw new ArgumentOutOfRangeException(nameof(inputSchema), KeyColumn.NotAKey(target, column.Describe()));
            }
        }

        List<SchemaShape.Column> outputs = [ShapeColumns.Vector(options.OutputColumnName, NumberDataViewType.Single)];
        foreach (string? vector in new[] { options.SignedColumnName, options.SeenImageColumnName })
        {
            if (vector is not null)
            {
                outputs.Add(ShapeColumns.Vector(vector, NumberDataViewType.Single));
            }
        }

        foreach (string? image in new[] { options.HeatMapColumnName, options.OverlayColumnName })
        {
            if (image is not null)
            {
                outputs.Add(ShapeColumns.Scalar(image, new ImageDataViewType()));
            }
        }

        return inputSchema.With(outputs);
    }

    /// <summary>What to explain and how. Each option checks its value when it is set.</summary>
    public sealed class Options
    {
        /// <summary>The new column of maps: vectors of H×W values (n×H×W for <see cref="SaliencyTarget.Top"/>). "Saliency" by default.</summary>
        public string OutputColumnName { get; set => field = Require.NotNull(value); } = "Saliency";

        /// <summary>A new column of the attribution before it is reduced: vectors of C×H×W signed values; what a method without channels says is spread evenly over them. Null, the default, for none.</summary>
        public string? SignedColumnName { get; set; }

        /// <summary>A new column of the images as the network sees them: brought to its size, vectors of C×H×W values in the range that the model was trained on. Null, the default, for none.</summary>
        public string? SeenImageColumnName { get; set; }

        /// <summary>A new column of the map in colours, an MLImage of the network's size. Null, the default, for none.</summary>
        public string? HeatMapColumnName { get; set; }

        /// <summary>A new column of the image with the map laid over it, an MLImage of the network's size. Null, the default, for none.</summary>
        public string? OverlayColumnName { get; set; }

        /// <summary>The column that carries the network. "Score" by default.</summary>
        public string ScoreColumnName { get; set => field = Require.NotNull(value); } = "Score";

        /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
        public string? ImageColumnName { get; set; }

        /// <summary>The attribution. The input gradient by default.</summary>
        public IAttributionMethod Method { get; set => field = Require.NotNull(value); } = new InputGradient();

        /// <summary>How it becomes a map. Magnitudes summed over the channels by default.</summary>
        public MapReduction Reduction { get; set => field = Require.NotNull(value); } = new();

        /// <summary>The class explained. The predicted one by default.</summary>
        public SaliencyTarget Target { get; set => field = Require.NotNull(value); } = SaliencyTarget.Predicted;

        /// <summary>The activation to explain with instead of the network's own, e.g. softplus β = 50 as ART; the prediction stays the network's. Null, the default, for its own.</summary>
        public Activation? Activation { get; set; }

        /// <summary>Images in one computation, at least 1; null, the default, takes the model's.</summary>
        public int? BatchSize { get; set => field = value is null ? null : Require.InRange(value.Value, 1); }

        internal Options Copy() => (Options)MemberwiseClone();
    }
}
