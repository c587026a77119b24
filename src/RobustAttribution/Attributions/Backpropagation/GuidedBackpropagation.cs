using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// Back-propagation that lets only positive signals s pass each activation, and only where its input x was positive: max(s, 0)·φ'(x)
/// (Springenberg et al. 2015, section 3.4). In pixel scale.
/// </summary>
/// <remarks>
/// For a smooth activation φ, φ' replaces the paper's indicator. Known to depend little on the parameters (Adebayo et al. 2018).
/// </remarks>
public sealed record GuidedBackpropagation : ActivationBackpropagation
{
    private protected override Tensor Slope(SecondPass pass, LayerCall call) => pass.Slope((ActivationSite)call.Layer, call.Input);
}
