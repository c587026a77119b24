using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// A control that knows nothing of network and image: 1 for every pixel. Its maps cannot be attacked, and explain nothing: a measure of robustness
/// alone finds them ideal.
/// </summary>
public sealed record ConstantMap : AttributionMethod
{
    /// <inheritdoc/>
    public override bool IsDifferentiable => false;

    /// <inheritdoc/>
    protected override Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph) => ones_like(images.narrow(1, 0, 1));
}
