using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Certificates;

/// <summary>
/// Certifies pixel by pixel, by randomized smoothing, that a perturbation of the image within an L2 ball cannot move a pixel into or out of the most
/// salient ones (Anani et al. 2025; the test of all pixels at once is that of Fischer et al. 2021, the radius that of Cohen et al. 2019).
/// </summary>
/// <remarks>
/// The certificate is about the smoothed decision: whether a pixel is among the top share of the maps of x + σ·N(0, 1) more often than not. With
/// probability 1 − α over the noise no certificate of an image is wrong; the noise follows from <see cref="Seed"/> alone, so choose that after the
/// images where someone may have made them for it. A pixel counts as salient where its value is above that of the first pixel outside of the share:
/// of tied values all are out, and a constant map has no salient pixel, so all of its pixels are certified as unimportant.
/// </remarks>
public sealed record CertifiedSaliency
{
    /// <summary>The map, whose method need not be differentiable. Magnitudes of the input gradient summed over the channels by default.</summary>
    public SaliencyMap Map { get; init => field = Require.NotNull(value); } = new();

    /// <summary>
    /// K: the share of the pixels that counts as salient, above 0 and below 1; rounded to whole pixels. 0.25 by default (the paper: 0.05 to 0.5).
    /// </summary>
    public double TopShare { get; init => field = CheckedTopShare(value); } = 0.25;

    /// <summary>σ in pixel units, above 0. 0.15 by default, as the paper.</summary>
    public double Sigma { get; init => field = Require.Positive(value); } = 0.15;

    /// <summary>n: noisy copies of each image, 1 to 100,000. 100 by default, as the paper.</summary>
    public int Samples { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 100;

    /// <summary>τ: the probability that the smoothed decision must exceed, from 0.5 and below 1. 0.75 by default, as the paper.</summary>
    public double Tau { get; init => field = CheckedTau(value); } = 0.75;

    /// <summary>α: the largest probability that an image has a wrong certificate, above 0 and below 0.5. 0.001 by default, as the paper.</summary>
    public double Alpha { get; init => field = CheckedAlpha(value); } = 0.001;

    /// <summary>Decides the noise, which is the same for every image. 0 by default.</summary>
    public ulong Seed { get; init; }

    /// <summary>Bytes that one pass may take, roughly, at least 1; 512 MiB by default. On a CPU a pass has at most 64 images.</summary>
    public long MemoryBudget { get; init => field = Require.Bytes(value); } = PassSize.DefaultBudget;

    /// <summary>R = σ·Φ⁻¹(τ): how far in L2, in pixel units over all values of the image, a perturbation may go; 0 for τ = 0.5.</summary>
    public double Radius
    {
        get
        {
            using IDisposable scope = Scope.Holding();
            return Sigma * Math.Sqrt(2) * tensor((2 * Tau) - 1, ScalarType.Float64, CPU).erfinv().ToDouble();
        }
    }

    /// <summary>Certifies the pixels of a batch, in passes of several noisy copies.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">[N,C,H,W] in [0, 1]. Noisy copies are not clamped.</param>
    /// <param name="classes">[N], int64: the class explained, the same for all copies; null for the one predicted for the image itself.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="ArgumentException">
    /// The batch does not fit the network, the share is no or every pixel, or <see cref="Samples"/> are too few to certify any pixel.
    /// </exception>
    /// <exception cref="InvalidOperationException">A map is not finite; the message names the method and the image.</exception>
    public CertifiedMaps Certify(ImageNetwork network, Tensor images, Tensor? classes = null)
    {
        Require.NotNull(network, nameof(network));
        if (classes is null)
        {
            network.CheckImages(images);
        }
        else
        {
            network.CheckBatch(images, classes);
        }

        CheckSize(network.Input.Height, network.Input.Width);
        using IDisposable scope = Scope.Holding(network, images, classes);
        using IDisposable inspection = network.ForInspection();
        using IDisposable mode = no_grad();
        Tensor counts;
        lock (network.SyncRoot)
        {
            counts = network.Repeatable(() => Count(network, images.detach(), classes?.clone() ?? network.Logits(images).argmax(1)));
        }

        Tensor onCpu = counts.to(ScalarType.Int32).cpu();
        return new CertifiedMaps(
            onCpu.MoveToOuterDisposeScope(), new PixelTest(Samples, Tau, Alpha).Decide(onCpu).MoveToOuterDisposeScope(), Samples, Radius);
    }

    /// <summary>Throws unless maps of this size can be certified.</summary>
    internal void CheckSize(int height, int width)
    {
        int salient = SalientPixels(height, width), pixels = height * width;
        if (salient < 1 || salient >= pixels)
        {
            throw new ArgumentException(
                $"{nameof(TopShare)} is {TopShare}, which is {salient} of the {height}×{width} = {pixels} pixels of the map;"
                + $" allowed are 1 to {pixels - 1}.");
        }

        int fewest = PixelTest.FewestSamples(pixels, Tau, Alpha);
        if (Samples < fewest)
        {
            throw new ArgumentException(
                $"{nameof(Samples)} is {Samples}, with which no pixel of {height}×{width} can be certified at {nameof(Tau)} {Tau} and"
                + $" {nameof(Alpha)} {Alpha}; allowed are {fewest} and more.");
        }
    }

    internal static double CheckedTopShare(double value, string name = nameof(TopShare)) => Require.Between(value, 0, 1, name);

    internal static double CheckedAlpha(double value, string name = nameof(Alpha)) => Require.Between(value, 0, 0.5, name);

    internal static double CheckedTau(double value, string name = nameof(Tau)) => Require.FromAndBelow(value, 0.5, 1, name);

    private int SalientPixels(int height, int width) => (int)Math.Round(TopShare * height * width);

    /// <summary>How many of the noisy copies have each pixel among their most salient ones, [N,H,W], int64.</summary>
    private Tensor Count(ImageNetwork network, Tensor images, Tensor classes)
    {
        Tensor counts = zeros([images.shape[0], network.Input.Height, network.Input.Width], ScalarType.Int64, images.device);
        long perPass = PassSize.Images(network, MemoryBudget, createGraph: false);
        for (long start = 0; start < images.shape[0]; start += perPass)
        {
            long count = Math.Min(perPass, images.shape[0] - start);
            Tensor Part(Tensor all) => all.narrow(0, start, count);
            CountSome(network, Part(images), Part(classes), Part(counts), (int)(perPass / count), start);
        }

        return counts;
    }

    private void CountSome(ImageNetwork network, Tensor images, Tensor classes, Tensor counts, int copiesPerPass, long firstImage)
    {
        using var generator = new Generator(Seed, CPU);
        int salient = SalientPixels(network.Input.Height, network.Input.Width);
        for (int done = 0; done < Samples; done += copiesPerPass)
        {
            using IDisposable scope = NewDisposeScope();
            int copies = Math.Min(copiesPerPass, Samples - done);
            Tensor noisy = (images + (SharedNoise.Draw(images, copies, generator) * Sigma)).flatten(0, 1); // [P·n,C,H,W]
            Tensor maps = Map.Of(network, noisy, classes.repeat(copies)); // [P·n,H,W]
            if (FiniteMaps.FirstOther(maps) is int index)
            {
                throw new InvalidOperationException(
                    $"{Map.Method.GetType().Name} computed a map with NaN or infinity for a noisy copy of image"
                    + $" {firstImage + (index % images.shape[0])} of the batch; maps must be finite.");
            }

            Tensor values = maps.flatten(1);
            Tensor firstOutside = values.topk(salient + 1, 1).values.narrow(1, salient, 1);
            counts.add_(values.gt(firstOutside).reshape([copies, .. counts.shape]).sum([0]));
        }
    }
}
