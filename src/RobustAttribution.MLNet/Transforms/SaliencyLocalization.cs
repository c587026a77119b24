using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Serialization;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.SaliencyLocalizationTransformer),
    null,
    typeof(SignatureLoadModel),
    "Boxes from saliency maps",
    RobustAttribution.MLNet.SaliencyLocalizationTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>Adds the box of the object that a saliency map shows. Made by <c>mlContext.Transforms.SaliencyLocalization</c>.</summary>
/// <remarks>
/// There is nothing to fit, and no network is needed: the column of maps may come from <c>Saliency</c> or from anywhere else. Singh et al. 2020,
/// weakly supervised localisation.
/// </remarks>
public sealed class SaliencyLocalizationEstimator : IEstimator<SaliencyLocalizationTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal SaliencyLocalizationEstimator(IHostEnvironment environment, Options options)
    {
        this.environment = environment;
        this.options = Require.NotNull(options, nameof(options));
        ColumnNames.RequireDistinct(
            [(nameof(options.OutputColumnName), options.OutputColumnName)],
            (nameof(options.MapColumnName), options.MapColumnName),
            (nameof(options.ImageColumnName), options.ImageColumnName));
    }

    /// <inheritdoc/>
    public SaliencyLocalizationTransformer Fit(IDataView input)
    {
        var transformer = new SaliencyLocalizationTransformer(environment, options);
        _ = transformer.GetOutputSchema(Require.NotNull(input, nameof(input)).Schema); // finds what is wrong with the columns now
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Require.NotNull(inputSchema, nameof(inputSchema));
        SchemaShape.Column map = SchemaColumns.Require(inputSchema, options.MapColumnName, "the column of maps");
        if (map.Kind != SchemaShape.Column.VectorKind.Vector || map.IsKey || map.ItemType != NumberDataViewType.Single)
        {
            throw SaliencyLocalizationMapper.NotMaps(options.MapColumnName, map.Describe());
        }

        if (options.ImageColumnName is { } image)
        {
            ImageColumn.CheckShape(inputSchema, image);
        }

        return inputSchema.With(ShapeColumns.Vector(options.OutputColumnName, NumberDataViewType.Single));
    }

    /// <summary>How maps become boxes. Each option checks its value when it is set.</summary>
    public sealed record Options
    {
        /// <summary>The column of maps: vectors of H×W values. "Saliency" by default.</summary>
        public string MapColumnName { get; init => field = Require.NotNull(value); } = "Saliency";

        /// <summary>
        /// The new column of boxes, vectors of left, top, right, bottom in pixels; n×4 values for n thresholds; NaN where a map shows nothing.
        /// "PredictedBox" by default.
        /// </summary>
        public string OutputColumnName { get; init => field = Require.NotNull(value); } = "PredictedBox";

        /// <summary>
        /// The column of images in whose pixels the boxes are: MLImages, or vectors of channels × height × width values. Null takes the maps' own
        /// cells. "Image" by default.
        /// </summary>
        public string? ImageColumnName { get; init; } = "Image";

        /// <summary>
        /// How MLImages became the network's input, whose proportions the maps have. Null, the default, is the policy of the model that
        /// <c>Saliency</c> explained, which the column of maps carries; required where it carries none. Maps of vectors cover them whole.
        /// </summary>
        public ResizePolicy? Resize { get; init => field = value is { } policy ? Require.Defined(policy) : null; }

        /// <summary>
        /// Shares of the maximum that a cell must reach, each from 0 to 1, at least one; one box for each. 0.2 by default, as Singh et al. 2020 for
        /// gradient maps (0.1 for class activation maps).
        /// </summary>
        public IReadOnlyList<double> Thresholds
        {
            get;
            init
            {
                Require.InRange(Require.NotNull(value).Count, 1, name: "Thresholds.Count");
                field = [.. value.Select(threshold => Require.InRange(threshold, 0, 1, nameof(Thresholds)))];
            }
        }

        = [0.2];

        /// <summary>Whether maps are smoothed by a 3×3 mean first. True by default, as Singh et al. 2020 for gradient maps.</summary>
        public bool Smooth { get; init; } = true;
    }
}

/// <summary>Adds the boxes of the objects that saliency maps show.</summary>
public sealed class SaliencyLocalizationTransformer : ITransformer
{
    internal const string LoaderSignature = "RobustLocalization";
    private static readonly ModelFormat Format = new("RBATTLOC", LoaderSignature, 0x00010005, readableBy: 0x00010005); // 1.5: Resize may be null

    private readonly IHostEnvironment environment;
    private readonly SaliencyLocalizationEstimator.Options options;

    internal SaliencyLocalizationTransformer(IHostEnvironment environment, SaliencyLocalizationEstimator.Options options)
    {
        this.environment = environment;
        this.options = options;
    }

    /// <summary>True: PredictionEngine can run it.</summary>
    public bool IsRowToRowMapper => true;

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetRowToRowMapper(inputSchema).OutputSchema;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input) => Bind(Require.NotNull(input, nameof(input)));

    /// <inheritdoc/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
        => Bind(new EmptyDataView(environment, Require.NotNull(inputSchema, nameof(inputSchema))));

    void ICanSaveModel.Save(ModelSaveContext ctx) => Format.Write(ctx, ComponentJson.Write(options));

    private static SaliencyLocalizationTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<SaliencyLocalizationEstimator.Options>(Format.ReadCard(ctx)));

    private RowToRowMapperTransform Bind(IDataView input)
    {
        HostSettings.CheckAlive(environment);
        return new(environment, input, Map(input.Schema), Map);

        SaliencyLocalizationMapper Map(DataViewSchema schema) => new(this, schema, options);
    }
}
