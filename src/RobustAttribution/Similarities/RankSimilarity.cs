using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Similarities of the order of the pixels: sorted on the CPU, all pairs of maps at once on all its cores.</summary>
public abstract record RankSimilarity : MapSimilarity
{
    private protected sealed override Tensor Measure(Tensor a, Tensor b)
    {
        double[] x = a.cpu().contiguous().data<double>().ToArray();
        double[] y = b.cpu().contiguous().data<double>().ToArray();
        double[] results = new double[a.shape[0]];
        int pixels = x.Length / results.Length;
        Parallel.For(0, results.Length, i => results[i] = Measure(x.AsSpan(i * pixels, pixels), y.AsSpan(i * pixels, pixels)));
        return tensor(results, device: CPU);
    }

    /// <summary>The measure of one pair.</summary>
    /// <param name="a">The values of one map; the method may reorder them.</param>
    /// <param name="b">The values of the other map; the method may reorder them.</param>
    private protected abstract double Measure(Span<double> a, Span<double> b);
}
