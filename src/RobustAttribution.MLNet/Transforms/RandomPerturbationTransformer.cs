using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.RandomPerturbationTransformer),
    null,
    typeof(SignatureLoadModel),
    "Maps under random perturbation",
    RobustAttribution.MLNet.RandomPerturbationTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>Adds how similar maps stay under random perturbation. Holds no network: it takes the one that its input's Score column carries.</summary>
public sealed class RandomPerturbationTransformer : BatchTransformer
{
    internal const string LoaderSignature = "RobustRandomPerturb";
    private static readonly ModelFormat Format = new("RBATTRND", LoaderSignature);

    private readonly RandomPerturbationEstimator.Options options;

    internal RandomPerturbationTransformer(IHostEnvironment environment, RandomPerturbationEstimator.Options options)
        : base(environment) => this.options = options;

    private protected override BatchMapper Bind(DataViewSchema schema)
        => new RandomPerturbationMapper(Environment, schema, NetworkHandle.Find(schema, options.ScoreColumnName, "RandomPerturbation"), options);

    private protected override void Save(ModelSaveContext context) => Format.Write(context, ComponentJson.Write(options));

    private static RandomPerturbationTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<RandomPerturbationEstimator.Options>(Format.ReadCard(ctx)));
}
