using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Certificates;

/// <summary>
/// Decides for all pixels of an image at once, from counts over n draws, for which the probability p of being salient exceeds τ, and for which 1 − p
/// does: exact binomial tests under the correction of Holm (1979), so that with probability 1 − α all decisions are right, however the pixels depend
/// on one another.
/// </summary>
/// <remarks>
/// Each pixel counts for two tests, as the same draws tell which side is tried; Fischer et al. 2021 choose it by draws of their own.
/// </remarks>
internal sealed class PixelTest(int samples, double tau, double alpha)
{
    private readonly double[] logTails = LogTails(samples, tau);

    /// <summary>ln P(X ≥ c) of the binomial distribution B(n, p), for c = 0 … n; summed from the smallest terms on.</summary>
    public static double[] LogTails(int n, double p)
    {
        double[] tails = new double[n + 1];
        (double odds, double mass) = (Math.Log(1 - p) - Math.Log(p), n * Math.Log(p)); // mass: ln P(X = c)
        tails[n] = mass;
        for (int c = n - 1; c >= 0; c--)
        {
            mass += Math.Log((c + 1.0) / (n - c)) + odds;
            (double high, double low) = (Math.Max(mass, tails[c + 1]), Math.Min(mass, tails[c + 1]));
            tails[c] = Math.Min(0, high + double.LogP1(Math.Exp(low - high)));
        }

        return tails;
    }

    /// <summary>The fewest draws with which a pixel can be certified: those of which all agree.</summary>
    public static int FewestSamples(int pixels, double tau, double alpha) => (int)Math.Ceiling(Math.Log(alpha / (2.0 * pixels)) / Math.Log(tau));

    /// <summary>1 for p above τ, −1 for 1 − p above τ, 0 for neither.</summary>
    /// <param name="counts">[N,H,W], int32, on the CPU.</param>
    /// <returns>[N,H,W], int8, on the CPU.</returns>
    public Tensor Decide(Tensor counts)
    {
        ReadOnlySpan<int> all = MemoryMarshal.Cast<byte, int>(counts.contiguous().bytes);
        sbyte[] labels = new sbyte[all.Length];
        int pixels = (int)(counts.shape[1] * counts.shape[2]);
        for (int start = 0; start < all.Length; start += pixels)
        {
            ReadOnlySpan<int> image = all.Slice(start, pixels);
            int least = LeastVotes(image);
            for (int i = 0; i < pixels; i++)
            {
                labels[start + i] = (sbyte)(Votes(image[i]) < least ? 0 : 2 * image[i] > samples ? 1 : -1);
            }
        }

        return tensor(labels, dtype: ScalarType.Int8, device: CPU).reshape(counts.shape);
    }

    private int Votes(int count) => Math.Max(count, samples - count);

    // Holm goes up the p-values as long as the i-th smallest of m, from 0, is at most α/(m − i). Equal ones pass together: the bound grows with i.
    private int LeastVotes(ReadOnlySpan<int> image)
    {
        int[] pixelsWith = new int[samples + 1];
        foreach (int count in image)
        {
            pixelsWith[Votes(count)]++;
        }

        int passed = 0, votes = samples;
        while (2 * votes > samples && (pixelsWith[votes] == 0 || logTails[votes] <= Math.Log(alpha / ((2.0 * image.Length) - passed))))
        {
            passed += pixelsWith[votes--];
        }

        return votes + 1;
    }
}
