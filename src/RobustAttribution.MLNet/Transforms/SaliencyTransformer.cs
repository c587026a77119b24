using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.SaliencyTransformer),
    null,
    typeof(SignatureLoadModel),
    "Saliency maps",
    RobustAttribution.MLNet.SaliencyTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>Adds saliency maps. Holds no network: it explains the one that its input's Score column carries.</summary>
public sealed class SaliencyTransformer : BatchTransformer
{
    internal const string LoaderSignature = "RobustSaliency";
    private static readonly ModelFormat Format = new("RBATTSAL", LoaderSignature, version: 0x00010002, readableBy: 0x00010002); // 1.2: SeenImageColumnName

    private readonly SaliencyEstimator.Options options;

    internal SaliencyTransformer(IHostEnvironment environment, SaliencyEstimator.Options options)
        : base(environment) => this.options = options;

    private protected override BatchMapper Bind(DataViewSchema schema)
        => new SaliencyMapper(Environment, schema, NetworkHandle.Find(schema, options.ScoreColumnName, "Saliency"), options);

    private protected override void Save(ModelSaveContext context) => Format.Write(context, ComponentJson.Write(options));

    private static SaliencyTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<SaliencyEstimator.Options>(Format.ReadCard(ctx)));
}
