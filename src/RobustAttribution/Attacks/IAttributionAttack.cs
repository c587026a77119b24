using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>Perturbs images within a budget so that their attribution changes and, as a rule, their prediction does not.</summary>
/// <remarks>
/// Immutable records whose properties are their options. The network is inspected in evaluation mode and is as before afterwards, also
/// after an exception.
/// </remarks>
[ComponentFamily]
public interface IAttributionAttack
{
    /// <summary>The perturbations allowed.</summary>
    IThreatModel ThreatModel { get; }

    /// <summary>A copy with another set of allowed perturbations (step sizes that depend on ε follow).</summary>
    IAttributionAttack WithThreatModel(IThreatModel threatModel);

    /// <summary>Attacks a batch.</summary>
    /// <param name="network">The network whose attribution is attacked.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the classes whose attribution is attacked; as a rule the predicted ones.</param>
    /// <param name="generator">
    /// Source of every random draw; like every generator of TorchSharp it draws on the CPU, whatever the network's device.
    /// </param>
    /// <returns>The attacked images; owned by the caller.</returns>
    AttackResult Perturb(ImageNetwork network, Tensor images, Tensor classes, Generator generator);
}
