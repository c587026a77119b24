using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The gradient of the target logit at the picture (Simonyan et al. 2014, eq. 3), in pixel scale.</summary>
public sealed record InputGradient : IAttributionWithLogits
{
    /// <inheritdoc/>
    public bool IsDifferentiable => true;

    /// <inheritdoc/>
    public Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
    {
        using IDisposable scope = NewDisposeScope();
        return Differentiation.LogitGradient(network, images, classes, createGraph).Gradient.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Attribution, Tensor Logits) AttributeWithLogits(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
        => Differentiation.LogitGradient(network, images, classes, createGraph);
}
