using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

[assembly: LoadableClass(
    typeof(RobustAttribution.MLNet.RandomPerturbationTransformer),
    null,
    typeof(SignatureLoadModel),
    "Maps under random perturbation",
    RobustAttribution.MLNet.RandomPerturbationTransformer.LoaderSignature)]

namespace RobustAttribution.MLNet;

/// <summary>
/// Computes how similar the map of each image stays when the image is perturbed at random, the mean over some draws (Joo et al. 2023, random
/// perturbation similarity). Made by <c>mlContext.Transforms.RandomPerturbation</c>.
/// </summary>
/// <remarks>The class explained is the one predicted for the image itself.</remarks>
public sealed class RandomPerturbationEstimator : NetworkEstimator<RandomPerturbationEstimator.Options, RandomPerturbationTransformer>
{
    internal RandomPerturbationEstimator(IHostEnvironment environment, Options options)
        : base(new RandomPerturbationTransformer(environment, Require.NotNull(options, nameof(options))))
    {
    }

    /// <summary>Which perturbations, and how the maps are compared. Each option checks its value when it is set.</summary>
    public sealed record Options : RandomNetworkOptions
    {
        /// <summary>The defaults. Maps are divided by their largest value (AGA).</summary>
        public Options() => Reduction = new(MapSign.Absolute, MapScale.Max);

        /// <summary>Where the draws come from. The ball of the maximum norm with ε = 8/255 by default; AGA reports 4, 8 and 16 of 255.</summary>
        public IThreatModel ThreatModel { get; init => field = Require.NotNull(value); } = new LinfBall();

        /// <summary>Draws for each image, 1 to 100,000. 10 by default (AGA).</summary>
        public int Draws { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 10;

        /// <summary>
        /// New columns, the mean over the draws; NaN where a measure is undefined for one. By default the cosine in the column
        /// "RandomPerturbationCosine".
        /// </summary>
        public IReadOnlyList<SimilarityColumn> Similarities { get; init => field = [.. Require.NotNull(value)]; } =
            [new("RandomPerturbationCosine", new CosineSimilarity())];
    }
}

/// <summary>Adds how similar maps stay under random perturbation. Holds no network: it takes the one that the Score column carries.</summary>
public sealed class RandomPerturbationTransformer : NetworkTransformer<RandomPerturbationEstimator.Options>
{
    internal const string LoaderSignature = "RobustRandomPerturb";
    private static readonly ModelFormat Format = new("RBATTRND", LoaderSignature);

    internal RandomPerturbationTransformer(IHostEnvironment environment, RandomPerturbationEstimator.Options options)
        : base(environment, options, "RandomPerturbation", Format)
    {
    }

    private protected override ColumnList Columns => new ColumnList<Means>(
        batch => new(Options, batch), Options.Similarities.Select((column, i) => column.Column<Means>(i, it => it[i])));

    private protected override void Check(NetworkHandle network)
        => MapSize.Check(nameof(Options.Similarities), Options.Similarities.Select(column => column.Similarity), network.Input);

    private static RandomPerturbationTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => new(env, ComponentJson.Read<RandomPerturbationEstimator.Options>(Format.ReadCard(ctx)));

    /// <summary>The means of one batch, all from the same draws.</summary>
    private sealed class Means(RandomPerturbationEstimator.Options options, BatchInput batch)
    {
        private double[]?[] Values => field ??= Measure();

        /// <summary>[N], float64: the mean of one similarity.</summary>
        public Tensor this[int similarity] => tensor(Values[similarity]!, device: CPU);

        private double[]?[] Measure()
        {
            int[] wanted = [.. Enumerable.Range(0, options.Similarities.Count).Where(i => batch.Wanted[i])];
            RobustnessMeasurement measurement = RobustnessMeasurement.RandomPerturbation(options.ThreatModel, options.Draws) with
            {
                Map = options.Map,
                Similarities = [.. wanted.Select(i => options.Similarities[i].Similarity)],
            };
            using Generator generator = RobustnessMeasurement.GeneratorFor(options.Seed);
            double[][] means =
            [
                .. measurement.MeasureBatch(batch.Network, batch.Images, null, generator)
                    .GroupBy(row => row.Image)
                    .Select(draws => RobustnessRow.MeanSimilarities([.. draws])),
            ];
            var values = new double[]?[options.Similarities.Count];
            foreach ((int measure, int column) in wanted.Index())
            {
                values[column] = Array.ConvertAll(means, image => image[measure]);
            }

            return values;
        }
    }
}
