using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.AttributionAttackTransformer),
    null,
    typeof(SignatureLoadModel),
    "Attack on explanations",
    RobustAttribution.MLNet.AttributionAttackTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>Adds attacked images and what became of their maps. Holds no network: it attacks the one that its input's Score column carries.</summary>
public sealed class AttributionAttackTransformer : BatchTransformer
{
    internal const string LoaderSignature = "RobustAttributionAttack";
    private static readonly ModelFormat Format = new("RBATTATK", LoaderSignature);

    private readonly AttributionAttackEstimator.Options options;

    internal AttributionAttackTransformer(IHostEnvironment environment, AttributionAttackEstimator.Options options)
        : base(environment) => this.options = options;

    private protected override BatchMapper Bind(DataViewSchema schema)
        => new AttributionAttackMapper(Environment, schema, NetworkHandle.Find(schema, options.ScoreColumnName, "AttributionAttack"), options);

    private protected override void Save(ModelSaveContext context) => Format.Write(context, ComponentJson.Write(options));

    private static AttributionAttackTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<AttributionAttackEstimator.Options>(Format.ReadCard(ctx)));
}
