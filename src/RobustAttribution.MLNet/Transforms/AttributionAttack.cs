using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.AttributionAttackTransformer),
    null,
    typeof(SignatureLoadModel),
    "Attack on explanations",
    RobustAttribution.MLNet.AttributionAttackTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>
/// Attacks the explanations of the network that a Score column carries, and compares them before and after. Made by
/// <c>mlContext.Transforms.AttributionAttack</c>.
/// </summary>
public sealed class AttributionAttackEstimator : NetworkEstimator<AttributionAttackEstimator.Options, AttributionAttackTransformer>
{
    internal AttributionAttackEstimator(IHostEnvironment environment, Options options)
        : base(new AttributionAttackTransformer(environment, Require.NotNull(options, nameof(options))))
    {
    }

    /// <summary>Which attack, and which columns of its result. Each option checks its value when it is set.</summary>
    public sealed record Options : RandomNetworkOptions
    {
        /// <summary>The attack. <see cref="TopKAttack"/> with its defaults by default.</summary>
        public IAttributionAttack Attack { get; init => field = Require.NotNull(value); } = new TopKAttack();

        /// <summary>
        /// New columns that compare the map of each image with that of its attacked copy, both for the class predicted before; NaN where the attack
        /// found no valid copy. By default top-100 intersection, Kendall τ, Pearson and cosine.
        /// </summary>
        public IReadOnlyList<SimilarityColumn> Similarities { get; init => field = [.. Require.NotNull(value)]; } = SimilarityColumn.Defaults;

        /// <summary>
        /// The new column of attacked images, vectors of C×H×W values in the range that the model was trained on; null for none. "AttackedImage" by
        /// default.
        /// </summary>
        public string? OutputColumnName { get; init; } = "AttackedImage";

        /// <summary>A new column of attacked images as MLImages, rounded to bytes (which may undo a small ε). Null, the default, for none.</summary>
        [JsonPropertyName("pictureColumnName")] // its name in files
        public string? AttackedMLImageColumnName { get; init; }

        /// <summary>The new column of the labels predicted for the attacked images; null for none. "AttackedPredictedLabel" by default.</summary>
        public string? PredictedLabelColumnName { get; init; } = "AttackedPredictedLabel";

        /// <summary>A new column of the labels predicted for the images themselves, which the maps explain. Null, the default, for none.</summary>
        public string? CleanPredictedLabelColumnName { get; init; }

        /// <summary>
        /// The new column of whether a valid attacked copy was found, for most attacks one with the same predicted label; null for none.
        /// "AttackValid" by default.
        /// </summary>
        public string? ValidColumnName { get; init; } = "AttackValid";
    }
}

/// <summary>Adds attacked images and the similarity of their maps. Holds no network: it attacks the one that the Score column carries.</summary>
public sealed class AttributionAttackTransformer : NetworkTransformer<AttributionAttackEstimator.Options>
{
    internal const string LoaderSignature = "RobustAttributionAttack";
    private static readonly ModelFormat Format = new("RBATTATK", LoaderSignature);

    internal AttributionAttackTransformer(IHostEnvironment environment, AttributionAttackEstimator.Options options)
        : base(environment, options, "AttributionAttack", Format)
    {
    }

    private protected override ColumnList Columns => new ColumnList<Outcome>(
        batch => new(Options, batch),
        [
            new(Options.OutputColumnName, ColumnKind.Pixels, it => it.AttackedPixels),
            new(Options.AttackedMLImageColumnName, ColumnKind.Image(DrawImage), it => it.Attack.Images),
            new(Options.CleanPredictedLabelColumnName, ColumnKind.PredictedClass(Options.ScoreColumnName), it => it.Classes),
            new(Options.PredictedLabelColumnName, ColumnKind.PredictedClass(Options.ScoreColumnName), it => it.AttackedClasses),
            new(Options.ValidColumnName, ColumnKind.Boolean, it => it.Attack.Valid),
            .. Options.Similarities.Select((column, i) => column.Column<Outcome>(i, it => it.Compare(column.Similarity))),
        ]);

    private static AttributionAttackTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<AttributionAttackEstimator.Options>(Format.ReadCard(ctx)));

    private static MLImage DrawImage(ReadOnlySpan<float> pixels, InputSpecification input)
        => SaliencyImage.FromPixels(pixels, input.Channels, input.Height, input.Width);

    /// <summary>One attacked batch; each part is computed when the first column needs it.</summary>
    private sealed class Outcome(AttributionAttackEstimator.Options options, BatchInput batch)
    {
        /// <summary>[N], int64.</summary>
        public Tensor Classes => field ??= batch.Predict(batch.Images);

        /// <summary>[N], int64.</summary>
        public Tensor AttackedClasses => field ??= batch.Predict(Attack.Images);

        public AttackResult Attack => field ??= Perturb();

        /// <summary>[N,C,H,W].</summary>
        public Tensor AttackedPixels => batch.ToPixelScale(Attack.Images);

        private Tensor CleanMap => field ??= options.Map.Of(batch.Network, batch.Images, Classes);

        private Tensor AttackedMap => field ??= options.Map.Of(batch.Network, Attack.Images, Classes);

        /// <summary>[N], float64, on the CPU.</summary>
        public Tensor Compare(IMapSimilarity similarity)
        {
            Tensor values = similarity.Compare(CleanMap, AttackedMap);
            return where(Attack.Valid.cpu(), values, full_like(values, double.NaN));
        }

        private AttackResult Perturb()
        {
            using Generator generator = batch.NewGenerator(options.Seed);
            return options.Attack.Perturb(batch.Network, batch.Images, Classes, generator);
        }
    }
}
