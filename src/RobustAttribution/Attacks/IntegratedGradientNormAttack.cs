using RobustAttribution.Attributions;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Makes the integrated gradients of the loss from the image to the attacked one large: the inner attack of IG-NORM and IG-SUM-NORM (Chen, Wu,
/// Rastogi, Liang, Jha: "Robust Attribution Regularization", NeurIPS 2019). Objective:
/// <c>γ · ℓ_y(x') + (1 − γ) · ‖IG_ℓ(x, x')‖₁</c>, ℓ_y the cross-entropy, <c>IG_ℓ(x, x') = (x' − x) ⊙ ∫₀¹ ∇ℓ_y(x + α(x' − x)) dα</c>.
/// </summary>
/// <remarks>
/// ε = 8/255, 7 steps of 2/255 from a random start by default; the paper: ε = 0.1 and 20 steps of 0.01 (Fashion-MNIST), 0.3 and 40 steps (MNIST).
/// A ReLU network is attacked as it is: the gradients of its loss change with the softmax.
/// </remarks>
public sealed record IntegratedGradientNormAttack : AttributionAttack
{
    /// <summary>The attack with its defaults.</summary>
    public IntegratedGradientNormAttack()
    {
        Steps = 7;
        Step = new SteepestStep(2.0 / 255);
        RandomStart = true;
        Surrogate = null;
    }

    /// <summary>Points of the integral, 1 to 100,000: passes for each step. 5 by default (the paper: 10).</summary>
    public int Points { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 5;

    /// <summary>How the integral becomes a sum. The midpoint rule by default.</summary>
    public PathQuadrature Quadrature { get; init => field = Require.NotNull(value); } = PathQuadrature.Midpoint;

    /// <summary>γ, from 0 to 1: the weight of the cross-entropy against the norm. 0 by default; with 1 no path is computed.</summary>
    public double CrossEntropyShare { get; init => field = Require.InRange(value, 0, 1); }

    /// <inheritdoc/>
    protected internal override bool NeedsLogitGradients => CrossEntropyShare < 1;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
        => view => WithCrossEntropy(view, CrossEntropyShare, Norm);

    private Tensor Norm(NetworkView view) => Rowwise.AbsoluteSum(view.IntegratedLossGradient(Quadrature, Points));
}
