using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
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

        /// <summary>
        /// The new column of whether no step of the attack improved anything, so that the valid copy is the image itself or the random draw that a
        /// walk began at; null for none. "AttackUnchanged" by default.
        /// </summary>
        public string? UnchangedColumnName { get; init; } = "AttackUnchanged";
    }
}

/// <summary>Adds attacked images and the similarity of their maps. Holds no network: it attacks the one that the Score column carries.</summary>
public sealed class AttributionAttackTransformer : NetworkTransformer<AttributionAttackEstimator.Options>
{
    internal const string LoaderSignature = "RobustAttributionAttack";
    private static readonly ModelFormat Format = new("RBATTATK", LoaderSignature, 0x00010004, readableBy: 0x00010004); // 1.4: UnchangedColumnName

    internal AttributionAttackTransformer(IHostEnvironment environment, AttributionAttackEstimator.Options options)
        : base(environment, options, "AttributionAttack", Format)
    {
    }

    private protected override ColumnList Columns => new ColumnList<Outcome>(
        batch => new(Options, batch),
        [
            new(Options.OutputColumnName, ColumnKind.Pixels, it => it.Pixels),
            new(Options.AttackedMLImageColumnName, ColumnKind.Image(DrawImage), it => it.Images),
            new(Options.CleanPredictedLabelColumnName, ColumnKind.PredictedClass(Options.ScoreColumnName), it => it.Classes),
            new(Options.PredictedLabelColumnName, ColumnKind.PredictedClass(Options.ScoreColumnName), it => it.AttackedClasses),
            new(Options.ValidColumnName, ColumnKind.Boolean, it => it.Valid),
            new(Options.UnchangedColumnName, ColumnKind.Boolean, it => it.Unchanged),
            .. Options.Similarities.Select((column, i) => column.Column<Outcome>(i, it => it.Compare(column.Similarity))),
        ]);

    private protected override void Check(NetworkHandle network)
    {
        MapSize.Check(nameof(Options.Attack), Options.Attack, network.Input);
        MapSize.Check(nameof(Options.Similarities), Options.Similarities.Select(column => column.Similarity), network.Input);
    }

    private static AttributionAttackTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        string card = Format.ReadCard(ctx);
        var options = ComponentJson.Read<AttributionAttackEstimator.Options>(card);
        return new(env, card.Contains("\"unchangedColumnName\"", StringComparison.Ordinal) ? options : options with { UnchangedColumnName = null });
    }

    private static MLImage DrawImage(ReadOnlySpan<float> pixels, InputSpecification input)
        => SaliencyImage.FromPixels(pixels, input.Channels, input.Height, input.Width);

    /// <summary>One attacked batch; each part is computed when the first column needs it.</summary>
    private sealed class Outcome : IDisposable
    {
        private readonly BatchInput batch;
        private readonly Generator generator;
        private readonly ExplainedImages clean;
        private readonly AttackedImages attacked;

        public Outcome(AttributionAttackEstimator.Options options, BatchInput batch)
        {
            this.batch = batch;
            generator = RobustnessMeasurement.GeneratorFor(options.Seed);
            clean = new ExplainedImages(options.Map, batch.Network, batch.Images, null);
            attacked = clean.Under(options.Attack, generator);
        }

        /// <summary>[N,C,H,W] in [0, 1].</summary>
        public Tensor Images => attacked.After.Images;

        /// <summary>[N,C,H,W] in the range that the model was trained on.</summary>
        public Tensor Pixels => batch.ToPixelScale(Images);

        /// <summary>[N], int64.</summary>
        public Tensor Classes => clean.Predicted;

        /// <summary>[N], int64.</summary>
        public Tensor AttackedClasses => attacked.After.Predicted;

        /// <summary>[N], bool.</summary>
        public Tensor Valid => attacked.Valid;

        /// <summary>[N], bool.</summary>
        public Tensor Unchanged => attacked.Unchanged;

        /// <summary>[N], float64; NaN where the attack found no valid copy.</summary>
        public Tensor Compare(IMapSimilarity similarity) => tensor(attacked.Compare(similarity), device: CPU);

        public void Dispose()
        {
            attacked.Dispose();
            clean.Dispose();
            generator.Dispose();
        }
    }
}
