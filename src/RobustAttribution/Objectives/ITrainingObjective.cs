using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>What a network is trained to minimise. Immutable records whose properties are their options.</summary>
[ComponentFamily]
public interface ITrainingObjective
{
    /// <summary>
    /// The activation that the objective's paper trains with; null where any will do. A recommendation: the network's activation is the
    /// trainer's matter.
    /// </summary>
    Activation? RecommendedActivation => null;

    /// <summary>
    /// Whether the loss of a network is differentiated through gradients at its input, in its own activation, so
    /// that a penalty on them teaches little where the network has no second derivative.
    /// False by default.
    /// </summary>
    /// <param name="network">The network to be trained.</param>
    bool NeedsSecondDerivative(ImageNetwork network) => false;

    /// <summary>The loss of a batch, with the graph to the parameters.</summary>
    /// <param name="network">In the mode in which it is trained.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the true classes.</param>
    /// <param name="generator">Source of every random draw, on the CPU: what is drawn is moved to the network's device.</param>
    /// <param name="classWeights">[K], weights of the classes in the cross-entropy; null weighs all alike.</param>
    /// <returns>Loss, terms and logits; owned by the caller.</returns>
    ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights = null);
}
