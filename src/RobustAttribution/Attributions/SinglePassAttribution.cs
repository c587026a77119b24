using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>An attribution whose one forward pass is that of the pictures themselves.</summary>
public abstract record SinglePassAttribution : AttributionMethod, IAttributionWithLogits
{
    /// <inheritdoc/>
    public (Tensor Attribution, Tensor Logits) AttributeWithLogits(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor attribution, Tensor logits) = Guarded(network, images, classes, createGraph, () => ExplainWithLogits(network, images, classes, createGraph));
        return createGraph
            ? (attribution.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope())
            : (attribution.detach().MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    /// <summary>The maths, see <see cref="AttributionMethod.Explain"/>.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Keep the results differentiable.</param>
    /// <returns>[N,C,H,W] or [N,1,H,W], and the logits [N,K].</returns>
    protected abstract (Tensor Attribution, Tensor Logits) ExplainWithLogits(ImageNetwork network, Tensor images, Tensor classes, bool createGraph);

    /// <inheritdoc/>
    protected sealed override Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
        => ExplainWithLogits(network, images, classes, createGraph).Attribution;
}
