using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// g_k(x) ⊙ (x − x'): the gradient of the target logit times the image's difference to a baseline (Shrikumar et al. 2017, section 2.2), in pixel
/// scale.
/// </summary>
/// <remarks>
/// With the black baseline this is gradient × input. With <see cref="Attributions.Baseline.Mean"/> it is gradient × normalised input, which LRP-0
/// equals on ReLU networks without biases.
/// </remarks>
public sealed record GradientTimesInput : SinglePassAttribution
{
    /// <summary>x', where the attribution is zero. Black by default.</summary>
    public Baseline Baseline { get; init => field = Require.NotNull(value); } = Baseline.Black;

    /// <inheritdoc/>
    public override bool IsDifferentiable => true;

    /// <inheritdoc/>
    protected override (Tensor Attribution, Tensor Logits) ExplainWithLogits(
        ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph)
    {
        (Tensor gradient, Tensor logits) = Differentiation.LogitGradient(
            nameof(GradientTimesInput), network, images, target, createGraph);
        return (gradient * (images - Baseline.For(images, network.Input)), logits);
    }
}
