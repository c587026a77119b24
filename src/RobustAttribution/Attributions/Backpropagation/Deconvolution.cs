using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// Back-propagation that lets only positive signals s pass each activation, whatever its input was: max(s, 0) (Zeiler and Fergus 2014, section 2.1).
/// In pixel scale.
/// </summary>
/// <remarks>
/// Depends on the image only through the winners of maximum pools, so it is constant nearly everywhere and cannot be differentiated; on networks
/// without maximum pools it is the same for every image.
/// </remarks>
public sealed record Deconvolution : ActivationBackpropagation
{
    /// <summary>False: the map is constant nearly everywhere.</summary>
    public override bool IsDifferentiable => false;

    private protected override Tensor Slope(SecondPass pass, LayerCall call) => ones_like(call.Output);
}
