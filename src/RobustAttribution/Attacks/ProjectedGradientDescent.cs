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
        KeepPrediction = false;
        Surrogate = null;
    }

    /// <summary>
    /// Whether an image is finished with the first iterate that the network classifies as another class: further steps and restarts run on the
    /// other images only, and the gain is the margin max_{j≠y} f_j − f_y. For adversarial accuracy, where nothing else counts. False by default.
    /// </summary>
    /// <remarks>
    /// Random starts are drawn for all images, so they do not depend on which are finished. A network's last bits may depend on how many images
    /// share a pass.
    /// </remarks>
    public bool StopAtMisclassification { get; init; }

    /// <inheritdoc/>
    internal override double? Enough => StopAtMisclassification ? 0 : null;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor>? Criterion(NetworkView clean)
        => StopAtMisclassification ? view => Margin(view.Logits.detach(), view.Classes) : null;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
        => Loss;

    // Above 0 where another class has a larger logit.
    private static Tensor Margin(Tensor logits, Tensor classes)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor other = AlignmentAttack.StrongestWrongClass(logits, classes);
        return (logits.gather(1, other.unsqueeze(1)) - logits.gather(1, classes.unsqueeze(1))).squeeze(1).MoveToOuterDisposeScope();
    }
}
