using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>An attribution whose one forward pass is that of the images themselves.</summary>
public abstract record SinglePassAttribution : AttributionMethod, IAttributionWithLogits
{
    /// <inheritdoc/>
    public (Tensor Attribution, Tensor Logits) AttributeWithLogits(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
        => Run(network, images, Require.NotNull(classes, nameof(classes)), _ => classes, createGraph);

    /// <inheritdoc/>
    public (Tensor Attribution, Tensor Logits) AttributePredicted(ImageNetwork network, Tensor images, bool createGraph = false)
        => Run(network, images, null, logits => logits.detach().argmax(1), createGraph);

    /// <summary>The maths, see <see cref="AttributionMethod.Explain"/>.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="target">The class to explain, [N], int64, from the logits [N,K].</param>
    /// <param name="createGraph">Keep the results differentiable.</param>
    /// <returns>[N,C,H,W] or [N,1,H,W], and the logits [N,K].</returns>
    protected abstract (Tensor Attribution, Tensor Logits) ExplainWithLogits(
        ImageNetwork network, Tensor images, Func<Tensor, Tensor> target, bool createGraph);

    /// <inheritdoc/>
    protected sealed override Tensor Explain(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
        => ExplainWithLogits(network, images, _ => classes, createGraph).Attribution;

    private (Tensor Attribution, Tensor Logits) Run(
        ImageNetwork network, Tensor images, Tensor? classes, Func<Tensor, Tensor> target, bool createGraph)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor attribution, Tensor logits) = Guarded(
            network, images, classes, createGraph, () => ExplainWithLogits(network, images, target, createGraph));
        return createGraph
            ? (attribution.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope())
            : (attribution.detach().MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }
}
