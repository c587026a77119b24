using RobustAttribution.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// Σ_k w_k^c·A_k: the feature maps A_k before the global average, weighted by the head's weights for the target class c (Zhou et al. 2016, eq. 2).
/// Signed.
/// </summary>
/// <remarks>
/// [N,1,H,W], enlarged bilinearly to the images' size; before enlargement, the mean plus the head's bias is the target logit. Requires a network
/// that ends in a global average and a linear layer and names both (<see cref="ImageNetwork.FeatureLayer"/>, <see cref="ImageNetwork.PooledHead"/>),
/// as the library's ResNets and WideResNets do. Each call checks that the input of the head is the average.
/// </remarks>
public sealed record ClassActivationMap : SinglePassAttribution
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(
        ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        string name = network.PooledHead
            ?? throw new NotSupportedException(
                $"{nameof(ClassActivationMap)} needs a network that ends in a global average and a linear layer, and "
                + $"{network.Backbone.GetType().Name} names no {nameof(ImageNetwork.PooledHead)}. {nameof(GradCam)} takes any network.");
        Linear head = FeatureMaps.Module(network, name) as Linear
            ?? throw new NotSupportedException(
                $"{nameof(ImageNetwork.PooledHead)} '{name}' is a {FeatureMaps.Module(network, name).GetType().Name}; "
                + $"allowed is a {nameof(Linear)}.");
        using var features = FeatureMaps.Of(network, null, connected: createGraph);

        bool seesMeans = false;
        using DisposeScope kept = NewDisposeScope();
        Tensor? headOutput = null;
        using IDisposable hook = ForwardHooks.After(head, (x, y) =>
        {
            seesMeans = AreClose(features.Maps.detach().mean([2, 3]), x.detach());
            headOutput = y.detach().clone().KeptIn(kept);
            return null;
        });
        Tensor logits = network.Logits(createGraph ? images : images.detach());
        if (!seesMeans || !AreClose(logits.detach(), headOutput!))
        {
            throw new NotSupportedException(
                $"{nameof(ImageNetwork.PooledHead)} '{name}' does not compute the logits from the means of the maps of '{network.FeatureLayer}', so "
                + $"a class activation map would not be what the network computes. {nameof(GradCam)} takes any network.");
        }

        Tensor weights = head.weight!.index_select(0, target(logits)).unsqueeze(2).unsqueeze(3); // [N,K,1,1]
        Tensor map = FeatureMaps.Enlarge((weights * features.Maps).sum(1, true), network.Input);
        return (map.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope());

        static bool AreClose(Tensor expected, Tensor actual) => actual.shape.SequenceEqual(expected.shape) && actual.allclose(expected, 1e-4, 1e-6);
    }
}
