using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet;

/// <summary>
/// Says how similar the map of each image stays when the image is disturbed at random, the mean over some draws (Joo et al. 2023, random perturbation similarity).
/// Made by <c>mlContext.Transforms.RandomPerturbation</c>.
/// </summary>
/// <remarks>The class explained is the one predicted for the image itself. There is nothing to fit; the network is found in the schema.</remarks>
public sealed class RandomPerturbationEstimator : IEstimator<RandomPerturbationTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal RandomPerturbationEstimator(IHostEnvironment environment, Options options)
    {
        this.environment = environment;
        this.options = Require.NotNull(options, nameof(options)).Copy();
    }

    /// <inheritdoc/>
    public RandomPerturbationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new RandomPerturbationTransformer(environment, options);
        _ = transformer.GetOutputSchema(input.Schema); // finds what is wrong with the columns now
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        NetworkHandle.CheckShape(inputSchema, options.ScoreColumnName, options.ImageColumnName, "RandomPerturbation");

        return inputSchema.With(options.Similarities.Select(similarity => similarity.Promise()));
    }

    /// <summary>What disturbs, and what is said of the maps. Each option checks its value when it is set.</summary>
    public sealed class Options
    {
        /// <summary>Where the draws come from. The ball of the maximum norm with ε = 8/255 by default; AGA reports 4, 8 and 16 of 255.</summary>
        public IThreatModel ThreatModel { get; set => field = Require.NotNull(value); } = new LinfBall();

        /// <summary>Draws for each image, at least 1. 10 by default (AGA).</summary>
        public int Draws { get; set => field = Require.InRange(value, 1); } = 10;

        /// <summary>The attribution whose maps are compared. The input gradient by default.</summary>
        public IAttributionMethod Method { get; set => field = Require.NotNull(value); } = new InputGradient();

        /// <summary>How it becomes a map. Magnitudes summed over the channels, divided by the largest, by default (AGA).</summary>
        public MapReduction Reduction { get; set => field = Require.NotNull(value); } = new(MapSign.Absolute, MapScale.Max);

        /// <summary>New columns, the mean over the draws; NaN where a measure is undefined for one. By default the cosine in the column "RandomPerturbationCosine".</summary>
        public IReadOnlyList<SimilarityColumn> Similarities { get; set => field = [.. Require.NotNull(value)]; } = [new("RandomPerturbationCosine", new CosineSimilarity())];

        /// <summary>The column that carries the network. "Score" by default.</summary>
        public string ScoreColumnName { get; set => field = Require.NotNull(value); } = "Score";

        /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
        public string? ImageColumnName { get; set; }

        /// <summary>Start of the draws; 0 by default. They depend on it and on the images of a batch, see <see cref="AttributionAttackEstimator.Options.Seed"/>.</summary>
        public int Seed { get; set; }

        /// <summary>Images in one computation, at least 1; null, the default, takes the model's.</summary>
        public int? BatchSize { get; set => field = value is null ? null : Require.InRange(value.Value, 1); }

        internal Options Copy() => (Options)MemberwiseClone();
    }
}
