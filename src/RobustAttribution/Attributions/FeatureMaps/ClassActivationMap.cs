using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>Σ_k w_k^c·A_k: the maps before the global average, weighted by the head's weights for the target class (Zhou et al. 2016, eq. 2). Signed.</summary>
/// <remarks>
/// [N,1,H,W], enlarged bilinearly to the pictures' size. Before enlargement its mean plus the head's bias is the target logit. For networks that end in a global average and a linear layer:
/// ResNets, WideResNets, and modules of your own that say so by <see cref="LayeredModule.PooledHead"/>.
/// </remarks>
public sealed record ClassActivationMap : SinglePassAttribution
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        LinearLayer head = (network.Backbone as LayeredModule)?.PooledHead
            ?? throw new NotSupportedException(
                $"{nameof(ClassActivationMap)} needs a network that ends in a global average and a linear layer, and {network.Backbone.GetType().Name} has no {nameof(LayeredModule.PooledHead)}. {nameof(GradCam)} takes any network.");
        using var features = FeatureMaps.Of(network, null, connected: createGraph);
        Tensor logits = network.Logits(createGraph ? images : images.detach());
        Tensor weights = head.Weight.index_select(0, target(logits)).unsqueeze(2).unsqueeze(3); // [N,K,1,1]
        return (FeatureMaps.Enlarge((weights * features.Maps).sum(1, true), network.Input), logits);
    }
}
