using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// How similar the map of an image stays when the image is disturbed at random, without an attacker: the mean over some uniform draws (Joo et al.
/// 2023, random perturbation similarity).
/// </summary>
/// <remarks>
/// The reference is the map of the clean image for every draw (AGA's script overwrites it with the disturbed one). Draws may change the prediction;
/// the explained class stays.
/// </remarks>
public sealed record RandomPerturbationSimilarity
{
    /// <summary>The attribution. The input gradient by default.</summary>
    public IAttributionMethod Attribution { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How attributions become maps. Magnitudes summed over the channels, divided by the largest, by default (AGA).</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new(MapSign.Absolute, MapScale.Max);

    /// <summary>The measure. Cosine similarity by default.</summary>
    public IMapSimilarity Similarity { get; init => field = Require.NotNull(value); } = new CosineSimilarity();

    /// <summary>Where the draws come from. The ball of the maximum norm with ε = 8/255 by default; AGA reports 4, 8 and 16 of 255.</summary>
    public IThreatModel ThreatModel { get; init => field = Require.NotNull(value); } = new LinfBall();

    /// <summary>Draws for each image, at least 1. 10 by default (AGA).</summary>
    public int Draws { get; init => field = Require.InRange(value, 1); } = 10;

    /// <summary>Measures a batch.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the classes explained.</param>
    /// <param name="generator">Source of the draws, on the network's device.</param>
    /// <returns>[N], float64 on the CPU: the mean over the draws; NaN where the measure is undefined for one of them; owned by the caller.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network, or the measure does not fit the images.</exception>
    public Tensor Measure(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        Require.NotNull(generator, nameof(generator));
        using IDisposable scope = Scope.Holding(network, images, classes, generator);
        using IDisposable inspection = network.ForInspection();
        var map = new SaliencyMap(Attribution, Reduction);
        Tensor reference = map.Of(network, images, classes);
        Tensor sum = zeros(images.shape[0], dtype: ScalarType.Float64);
        for (int draw = 0; draw < Draws; draw++)
        {
            using IDisposable step = NewDisposeScope();
            Tensor disturbed = ThreatModel.RandomStart(images.detach(), network.Input, generator);
            sum.add_(Similarity.Compare(reference, map.Of(network, disturbed, classes)));
        }

        return (sum / Draws).MoveToOuterDisposeScope();
    }
}
