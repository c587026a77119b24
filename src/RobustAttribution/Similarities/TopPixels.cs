using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>The k largest values of each map. Of equal values the first in row-major order count, on every device.</summary>
internal static class TopPixels
{
    /// <summary>Marks them.</summary>
    /// <param name="maps">[N,H,W].</param>
    /// <param name="k">From 1 to H·W.</param>
    /// <returns>[N,H,W], bool, exactly k true values in each map.</returns>
    public static Tensor Mask(Tensor maps, int k)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor values = maps.flatten(1); // [N,P]
        Tensor threshold = values.topk(k, 1).values.narrow(1, k - 1, 1); // [N,1]: the smallest of them
        Tensor above = values.gt(threshold);
        Tensor tied = values.eq(threshold);
        Tensor places = k - above.sum(1, true); // left for the tied values
        return above.logical_or(tied.logical_and(tied.cumsum(1).le(places))).reshape(maps.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Throws unless maps of this size have k pixels.</summary>
    public static void CheckSize(int k, long height, long width)
    {
        if (k > height * width)
        {
            throw new ArgumentException($"K is {k}, and the maps have {height}×{width} = {height * width} pixels; allowed is at most that many.");
        }
    }
}
