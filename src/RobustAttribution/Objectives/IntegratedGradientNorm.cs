using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// IG-NORM, <c>CE(x, y) + w · mean ‖IG_ℓ(x, x̃)‖₁</c>, and with <see cref="Sum"/> IG-SUM-NORM, <c>CE(x̃, y) + w · mean ‖IG_ℓ(x, x̃)‖₁</c>: x̃ makes
/// its penalty, or its whole sum, large (Chen, Wu, Rastogi, Liang, Jha: "Robust Attribution Regularization", NeurIPS 2019).
/// <c>IG_ℓ(x, x̃) = (x̃ − x) ⊙ ∫₀¹ ∇ℓ_y(x + α(x̃ − x)) dα</c> is the attribution of the loss, which adds up to its difference.
/// </summary>
/// <remarks>
/// Terms: "cross-entropy" (with <see cref="Sum"/> of x̃), "norm". With weight 0 IG-NORM is <see cref="CrossEntropy"/> and IG-SUM-NORM
/// <see cref="AdversarialCrossEntropy"/>, bit for bit. The attack runs in evaluation mode and its last iterate is taken; the points of the path are
/// passes in the network's mode, one for each, whose graphs are all kept.
/// </remarks>
public sealed record IntegratedGradientNorm : TrainingObjective
{
    /// <summary>
    /// The inner attack; with <see cref="Sum"/> its share of the cross-entropy is 1/(1 + w). ε = 8/255, 7 steps of 2/255 from a random start, 5
    /// points by default (the paper, Fashion-MNIST: 0.1, 20 steps of 0.01, 10 points).
    /// </summary>
    public IntegratedGradientNormAttack Attack { get; init => field = Require.NotNull(value); } = new();

    /// <summary>Whether the size of an attribution is its sum plus w times its norm (IG-SUM-NORM). False by default: the norm.</summary>
    public bool Sum { get; init; }

    /// <summary>w, at least 0: the paper's λ for IG-NORM, β for IG-SUM-NORM. 1 by default, the paper's λ; its β is 0.1.</summary>
    public double Weight { get; init => field = Require.NonNegative(value); } = 1;

    /// <summary>Points of the integral in the loss, 1 to 100,000. 5 by default (the paper: 50).</summary>
    public int Points { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 5;

    /// <summary>How the integral becomes a sum. The midpoint rule by default.</summary>
    public PathQuadrature Quadrature { get; init => field = Require.NotNull(value); } = PathQuadrature.Midpoint;

    /// <summary>ReLU: what the paper trains with. The gradients of the loss change with the softmax, so a ReLU network learns from them.</summary>
    public override Activation? RecommendedActivation => Activation.Relu;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        (ImageNetwork network, Tensor images, Tensor classes, Generator generator) = batch;
        if (Weight == 0 && !Sum)
        {
            return (network.Logits(images), []);
        }

        IntegratedGradientNormAttack attack = Sum ? Attack with { CrossEntropyShare = 1 / (1 + Weight) } : Attack;
        Tensor attacked = attack.LastIterate(network, images, classes, generator);
        Tensor logits = network.Logits(Sum ? attacked : images);
        if (Weight == 0)
        {
            return (logits, []);
        }

        Tensor integrated = IntegratedLossGradient.Of(
            nameof(IntegratedGradientNorm), network, network.Normalize(images), network.Normalize(attacked), classes, Quadrature.Rule(Points), true);
        return (logits, [new("norm", Weight, Rowwise.AbsoluteSum(integrated).mean())]);
    }
}
