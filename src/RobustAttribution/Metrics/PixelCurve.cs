using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// How the probability of a class depends on the most salient pixels of a map (Petsiuk et al. 2018, section 4.2; the protocol is that of Joo et
/// al. 2023): at each of
/// <see cref="Steps"/> shares of the pixels the image keeps some of them, and the others get the value that the network's normalisation maps to 0.
/// </summary>
/// <remarks>
/// Of pixels with equal map values the first in row-major order count as the more salient. With the map of an attacked image and the pixels of the
/// clean one this is adversarial insertion.
/// </remarks>
public abstract record PixelCurve
{
    /// <summary>Points of the curve, 1 to 100,000. 20 by default (AGA: shares 0, 0.05, …, 0.95).</summary>
    public int Steps { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 20;

    /// <summary>Whether a better map has a larger area.</summary>
    public abstract bool HigherIsBetter { get; }

    /// <summary>Measures a batch with one forward pass for each point.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the classes whose probability is followed, the true ones in AGA's protocol.</param>
    /// <param name="maps">[N,H,W]: higher is more salient.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network, or the maps do not fit the images or are not finite.</exception>
    public PixelCurveResult Measure(ImageNetwork network, Tensor images, Tensor classes, Tensor maps)
    {
        Require.NotNull(network, nameof(network)).CheckBatch(images, classes);
        CheckMaps(images, Require.NotNull(maps, nameof(maps)));
        using IDisposable scope = Scope.Holding(network, images, classes, maps);
        using IDisposable inspection = network.ForInspection();
        using IDisposable mode = no_grad();
        Tensor normalized = network.Normalize(images);
        IReadOnlyList<double> shares = Shares;
        List<Tensor> probabilities = [];
        foreach (double share in shares)
        {
            using IDisposable step = NewDisposeScope();
            Tensor kept = KeptPixels(maps, share).unsqueeze(1).to(images.dtype); // [N,1,H,W]
            Tensor softmax = nn.functional.softmax(network.Repeatable(() => network.LogitsOfNormalized(normalized * kept)), 1);
            probabilities.Add(softmax.gather(1, classes.unsqueeze(1)).MoveToOuterDisposeScope());
        }

        Tensor values = cat(probabilities, 1).to(ScalarType.Float64).cpu(); // [N,S]
        return new PixelCurveResult(shares, values.MoveToOuterDisposeScope(), values.mean([1]).MoveToOuterDisposeScope());
    }

    /// <summary>The share of the pixels that each point is about, ascending.</summary>
    internal IReadOnlyList<double> Shares => [.. Enumerable.Range(0, Steps).Select(ShareOf)];

    /// <summary>The share of the pixels that one point is about, ascending with the index.</summary>
    private protected abstract double ShareOf(int index);

    /// <summary>Marks the pixels that stay, [N,H,W], bool.</summary>
    private protected abstract Tensor KeptPixels(Tensor maps, double share);

    /// <summary>Marks the most salient pixels of each map: their share, rounded to whole pixels.</summary>
    private protected static Tensor MostSalient(Tensor maps, double share)
    {
        int count = (int)Math.Round(share * maps.shape[1] * maps.shape[2]);
        return count == 0 ? zeros_like(maps).to(ScalarType.Bool) : TopPixels.Mask(maps, count);
    }

    private static void CheckMaps(Tensor images, Tensor maps)
    {
        if (maps.dim() != 3 || maps.shape[0] != images.shape[0] || maps.shape[1] != images.shape[2] || maps.shape[2] != images.shape[3])
        {
            throw new ArgumentException(
                $"maps has shape [{string.Join(',', maps.shape)}]; "
                + $"allowed is [{images.shape[0]},{images.shape[2]},{images.shape[3]}], one map for each image.",
                nameof(maps));
        }

        if (FiniteMaps.FirstOther(maps) is int index)
        {
            throw new ArgumentException(
                $"maps holds a value that is not finite in map {index} of {maps.shape[0]}; maps must be finite.", nameof(maps));
        }
    }
}

/// <summary>Takes the most salient pixels away: none of them, 1/S, … (S − 1)/S. The sooner the class is lost, the better the map.</summary>
public sealed record DeletionCurve : PixelCurve
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    private protected override double ShareOf(int index) => (double)index / Steps;

    private protected override Tensor KeptPixels(Tensor maps, double share) => MostSalient(maps, share).logical_not();
}

/// <summary>Keeps only the most salient pixels: 1/S of them, 2/S, … all. The sooner the class is recognised, the better the map.</summary>
public sealed record InsertionCurve : PixelCurve
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => true;

    private protected override double ShareOf(int index) => (index + 1.0) / Steps;

    private protected override Tensor KeptPixels(Tensor maps, double share) => MostSalient(maps, share);
}
