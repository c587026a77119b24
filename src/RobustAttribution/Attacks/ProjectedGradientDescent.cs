using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Raises the cross-entropy of the given classes: the attack on the prediction (Madry et al.: "Towards Deep Learning Models Resistant to
/// Adversarial Attacks", ICLR 2018). Every iterate counts; those that keep the prediction as well, where <see
/// cref="AttributionAttack.KeepPrediction"/> is not asked for.
/// </summary>
/// <remarks>ε = 8/255, 7 steps of 2/255 from a random start by default (that paper's CIFAR-10 training).</remarks>
public sealed record ProjectedGradientDescent : AttributionAttack
{
    /// <summary>The attack with its defaults.</summary>
    public ProjectedGradientDescent()
    {
        Steps = 7;
        Step = new SteepestStep(2.0 / 255);
        RandomStart = true;
        KeepPrediction = false;
        Surrogate = null;
    }

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
        => view => nn.functional.cross_entropy(view.Logits, view.Classes, reduction: nn.Reduction.None);
}
