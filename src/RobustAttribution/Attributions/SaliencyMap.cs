using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// A saliency map: an attribution, then its sign, the sum over the channels, and a scale. Explaining and reducing happen here and nowhere else.
/// </summary>
public sealed record SaliencyMap
{
    /// <summary>The map of a method.</summary>
    /// <param name="method">The attribution; null for the input gradient.</param>
    /// <param name="reduction">How attributions become maps; null for magnitudes summed over the channels.</param>
    public SaliencyMap(IAttributionMethod? method = null, MapReduction? reduction = null)
        => (Method, Reduction) = (method ?? new InputGradient(), reduction ?? new MapReduction());

    /// <summary>The attribution. The input gradient by default.</summary>
    public IAttributionMethod Method { get; init => field = Require.NotNull(value); }

    /// <summary>How attributions become maps. Magnitudes summed over the channels by default.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); }

    /// <summary>The maps of a batch, one target class for each image.</summary>
    /// <param name="network">
    /// The network to explain; mode, activation and parameters are the caller's, see <see cref="ImageNetwork.ForInspection"/>.
    /// </param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the class whose logit is explained.</param>
    /// <param name="createGraph">Build the graph that a derivative of the maps needs.</param>
    /// <returns>[N,H,W]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    /// <exception cref="ArgumentException">The batch does not fit the network.</exception>
    /// <exception cref="NotSupportedException"><paramref name="createGraph"/> with a method that is not differentiable.</exception>
    public Tensor Of(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false)
    {
        using IDisposable scope = Scope.Holding(network, images, classes);
        return Reduction.Reduce(Method.Attribute(network, images, classes, createGraph)).MoveToOuterDisposeScope();
    }

    /// <summary>The maps of the classes that the network predicts, from one forward pass where the method allows it.</summary>
    /// <param name="network">As for <see cref="Of"/>.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <returns>The maps [N,H,W] and the logits [N,K]; owned by the caller; detached.</returns>
    /// <exception cref="ArgumentException">The images do not fit the network.</exception>
    public (Tensor Maps, Tensor Logits) OfPredicted(ImageNetwork network, Tensor images)
        => WithLogits(network, images, null);

    /// <summary>The maps and the logits of the same images, from one forward pass where the method allows it.</summary>
    /// <param name="network">As for <see cref="Of"/>.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the class whose logit is explained; null for the predicted ones.</param>
    /// <returns>The maps [N,H,W] and the logits [N,K]; owned by the caller; detached.</returns>
    internal (Tensor Maps, Tensor Logits) WithLogits(ImageNetwork network, Tensor images, Tensor? classes)
    {
        Require.NotNull(network, nameof(network)).CheckImages(images);
        using IDisposable scope = Scope.Holding(network, images, classes);
        (Tensor attribution, Tensor logits) = Method switch
        {
            SinglePassAttribution method when classes is null => method.AttributePredicted(network, images),
            SinglePassAttribution method => method.AttributeWithLogits(network, images, classes),
            _ => InTwoPasses(),
        };
        return (Reduction.Reduce(attribution).MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope());

        (Tensor Attribution, Tensor Logits) InTwoPasses()
        {
            using IDisposable mode = no_grad();
            Tensor found = network.Logits(images);
            return (Method.Attribute(network, images, classes ?? found.argmax(1)), found);
        }
    }
}
