using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Raises the Kullback-Leibler divergence of the predicted probabilities from those of the image: the inner attack of TRADES (Zhang, Yu, Jiao,
/// Xing, El Ghaoui, Jordan: "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019).
/// Objective: <c>KL(f(x) ‖ f(x'))</c>, f the softmax of the logits.
/// </summary>
/// <remarks>
/// ε = 8/255, 10 steps of 2/255 by default (the paper, CIFAR-10: 0.031, 10 steps of 0.007), from a random point of the ball, as the divergence has
/// no gradient at the image; the paper starts beside it, at N(0, 0.001²).
/// </remarks>
public sealed record DivergenceAttack : AttributionAttack
{
    /// <summary>The attack with its defaults.</summary>
    public DivergenceAttack()
    {
        Steps = 10;
        Step = new SteepestStep(2.0 / 255);
        RandomStart = true;
        KeepPrediction = false;
        Surrogate = null;
    }

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
        => view => Rowwise.Divergence(view.Clean.Logits, view.Logits);
}
