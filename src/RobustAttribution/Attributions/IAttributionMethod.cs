using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// Computes how much each input contributes to a class score. Implementations are immutable records whose properties are their options.
/// </summary>
[ComponentFamily]
public interface IAttributionMethod
{
    /// <summary>
    /// Whether <see cref="Attribute"/> accepts <c>createGraph</c>: the attribution can be differentiated at the images and the parameters.
    /// </summary>
    bool IsDifferentiable { get; }

    /// <summary>The attributions of a batch, one target class for each image.</summary>
    /// <param name="network">
    /// The network to explain; mode, activation and parameters are the caller's, see <see cref="ImageNetwork.ForInspection"/>.
    /// </param>
    /// <param name="images">
    /// [N,C,H,W] in [0, 1]. With <paramref name="createGraph"/> it may be part of a graph, and the result is then differentiable at it.
    /// </param>
    /// <param name="classes">[N], int64: the class whose logit is explained.</param>
    /// <param name="createGraph">Build the graph that a derivative of the attribution needs.</param>
    /// <returns>
    /// [N,C,H,W], or [N,1,H,W] for methods without channels; signed; owned by the caller; detached unless <paramref name="createGraph"/>.
    /// </returns>
    /// <exception cref="NotSupportedException">
    /// <paramref name="createGraph"/> with a method that is not differentiable, or a network that the method does not support.
    /// </exception>
    Tensor Attribute(ImageNetwork network, Tensor images, Tensor classes, bool createGraph = false);
}
