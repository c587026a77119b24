using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Finds maps that hold NaN or infinity.</summary>
internal static class FiniteMaps
{
    /// <summary>The index of the first such map; null where all are finite.</summary>
    /// <param name="maps">[N,H,W].</param>
    public static int? FirstOther(Tensor maps)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        Tensor finite = maps.isfinite().flatten(1).all(1, false);
        return finite.all().ToBoolean() ? null : Array.IndexOf(finite.cpu().data<bool>().ToArray(), false);
    }
}
