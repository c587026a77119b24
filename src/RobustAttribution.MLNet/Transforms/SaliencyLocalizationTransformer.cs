using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.SaliencyLocalizationTransformer),
    null,
    typeof(SignatureLoadModel),
    "Boxes from saliency maps",
    RobustAttribution.MLNet.SaliencyLocalizationTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>Adds the boxes of the objects that saliency maps show.</summary>
public sealed class SaliencyLocalizationTransformer : ITransformer
{
    internal const string LoaderSignature = "RobustLocalization";
    private static readonly ModelFormat Format = new("RBATTLOC", LoaderSignature);

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
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).OutputSchema;

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new MappedDataView(Bind(input.Schema), input);
    }

    /// <inheritdoc/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => Bind(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => Format.Write(ctx, ComponentJson.Write(options));

    private static SaliencyLocalizationTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<SaliencyLocalizationEstimator.Options>(Format.ReadCard(ctx)));

    private SaliencyLocalizationMapper Bind(DataViewSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        HostSettings.CheckAlive(environment);
        return new SaliencyLocalizationMapper(schema, options);
    }
}
