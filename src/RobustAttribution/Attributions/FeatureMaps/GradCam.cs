using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// max(Σ_k α_k·A_k, 0): the feature maps A_k of a layer, each weighted by the mean of the target logit's gradient over it, α_k = mean_ij ∂y/∂A_k,ij
/// (Selvaraju et al. 2017, eq. 1 and 2).
/// </summary>
/// <remarks>[N,1,H,W], enlarged bilinearly to the images' size. Never negative.</remarks>
public sealed record GradCam : SinglePassAttribution
{
    /// <summary>
    /// The layer's name, with dots, as in the names of its parameters (e.g. "layer3", "layer4.1.conv2"); null, the default, for
    /// <see cref="ImageNetwork.FeatureLayer"/>, the last feature maps.
    /// </summary>
    public string? Layer { get; init; }

    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(
        ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        network.RequireDerivative(images, createGraph ? Derivative.Second : Derivative.First, FeatureMaps.LayerOf(network, Layer));
        using var features = FeatureMaps.Of(network, Layer, connected: createGraph);
        Tensor logits = network.Logits(createGraph ? images : images.detach());
        string method = $"{nameof(GradCam)} of layer '{Layer ?? network.FeatureLayer}'";
        Tensor gradient = Differentiation.GradientOfClass(method, network, logits, features.Maps, target(logits), createGraph);
        Tensor weights = gradient.mean([2, 3], true); // [N,K,1,1]
        Tensor map = nn.functional.relu((weights * features.Maps).sum(1, true)); // [N,1,h,w]
        return (FeatureMaps.Enlarge(map, network.Input), logits);
    }
}
