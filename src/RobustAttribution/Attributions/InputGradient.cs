using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The gradient of the target logit at the image (Simonyan et al. 2014, eq. 3), in pixel scale.</summary>
public sealed record InputGradient : SinglePassAttribution
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(
        ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
        => Differentiation.LogitGradient(nameof(InputGradient), network, images, target, createGraph);
}
