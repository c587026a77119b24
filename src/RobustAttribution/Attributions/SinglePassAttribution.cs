using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// An attribution whose one forward pass is that of the images themselves, so that it returns the logits at no cost. Attacks check the prediction
/// with them.
/// </summary>
public abstract record SinglePassAttribution : AttributionMethod
{
    /// <summary>As <see cref="IAttributionMethod.Attribute"/>, and the logits of the same forward pass.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Build the graph that a derivative of the attribution needs.</param>
    /// <returns>The attributions and the logits [N,K]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    public (Tensor Attribution, Tensor Logits) AttributeWithLogits(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
        => Run(network, images, Require.NotNull(classes, nameof(classes)), _ => classes.clone(), createGraph);

    /// <summary>As <see cref="AttributeWithLogits"/> for the predicted class of each image, with one forward pass.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="createGraph">Build the graph that a derivative of the attribution needs.</param>
    /// <returns>The attributions and the logits [N,K]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    public (Tensor Attribution, Tensor Logits) AttributePredicted(ImageNetwork network, Tensor images, bool createGraph = false)
        => Run(network, images, null, logits => logits.detach().argmax(1), createGraph);

    /// <summary>
    /// As <see cref="AttributeWithLogits"/> for images and classes of the library's own, which fit the network and are not of inference mode.
    /// </summary>
    internal (Tensor Attribution, Tensor Logits) AttributeChecked(ImageNetwork network, Tensor images, Tensor classes, bool createGraph)
    {
        using IDisposable scope = NewDisposeScope();
        return Results(Explained(network, images, point => ExplainWithLogits(network, point, _ => classes, createGraph)), createGraph);
    }

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
        using IDisposable scope = Scope.Holding(network, images, classes);
        return Results(
            Guarded(network, images, classes, createGraph, point => ExplainWithLogits(network, point, target, createGraph)), createGraph);
    }

    private static (Tensor Attribution, Tensor Logits) Results((Tensor Attribution, Tensor Logits) found, bool createGraph)
        => createGraph
            ? (found.Attribution.MoveToOuterDisposeScope(), found.Logits.MoveToOuterDisposeScope())
            : (found.Attribution.detach().MoveToOuterDisposeScope(), found.Logits.detach().MoveToOuterDisposeScope());
}
