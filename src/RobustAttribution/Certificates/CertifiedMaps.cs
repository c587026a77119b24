using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Certificates;

/// <summary>The certificates of a batch of maps. Owns its tensors.</summary>
public sealed class CertifiedMaps : IDisposable
{
    internal CertifiedMaps(Tensor counts, Tensor labels, int samples, double radius)
        => (Counts, Labels, Samples, Radius) = (counts, labels, samples, radius);

    /// <summary>
    /// [N,H,W], int8 on the CPU: 1 where the pixel is certified as important (among the most salient ones), −1 as unimportant, 0 where neither is.
    /// </summary>
    public Tensor Labels { get; }

    /// <summary>[N,H,W], int32 on the CPU: in how many of the noisy copies' maps the pixel is among the most salient ones.</summary>
    public Tensor Counts { get; }

    /// <summary>n, the noisy copies of each image.</summary>
    public int Samples { get; }

    /// <summary>R, in L2 and pixel units over all values of the image: no perturbation up to it turns a certified pixel.</summary>
    public double Radius { get; }

    /// <summary>The share of each image's pixels that is certified, either way, in [0, 1]; higher is more robust.</summary>
    /// <returns>[N], float64 on the CPU; owned by the caller.</returns>
    public Tensor CertifiedShares()
    {
        using IDisposable scope = Scope.Holding(this);
        return Labels.ne(0).flatten(1).to(ScalarType.Float64).mean([1]).MoveToOuterDisposeScope();
    }

    /// <summary>The share of each image's pixels that is certified as important, in [0, 1].</summary>
    /// <returns>[N], float64 on the CPU; owned by the caller.</returns>
    public Tensor ImportantShares()
    {
        using IDisposable scope = Scope.Holding(this);
        return Labels.gt(0).flatten(1).to(ScalarType.Float64).mean([1]).MoveToOuterDisposeScope();
    }

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        Labels.Dispose();
        Counts.Dispose();
    }
}
