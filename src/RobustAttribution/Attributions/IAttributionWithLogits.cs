using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// An attribution whose forward pass is that of the images themselves, so that it returns the logits at no cost. Attacks check the prediction with
/// them.
/// </summary>
public interface IAttributionWithLogits : IAttributionMethod
{
    /// <summary>As <see cref="IAttributionMethod.Attribute"/>, and the logits of the same forward pass.</summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64.</param>
    /// <param name="createGraph">Build the graph that a derivative of the attribution needs.</param>
    /// <returns>The attributions and the logits [N,K]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    (Tensor Attribution, Tensor Logits) AttributeWithLogits(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false);

    /// <summary>
    /// As <see cref="AttributeWithLogits"/> for the predicted class of each image, with one forward pass.
    /// </summary>
    /// <param name="network">The network to explain.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="createGraph">Build the graph that a derivative of the attribution needs.</param>
    /// <returns>The attributions and the logits [N,K]; owned by the caller; detached unless <paramref name="createGraph"/>.</returns>
    (Tensor Attribution, Tensor Logits) AttributePredicted(ImageNetwork network, Tensor images, bool createGraph = false);
}
