using RobustAttribution.Attacks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// TRADES: <c>CE(x, y) + w · mean KL(f(x) ‖ f(x̃))</c>, f the softmax of the logits, x̃ from <see cref="DivergenceAttack"/> (Zhang, Yu, Jiao, Xing,
/// El Ghaoui, Jordan: "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019).
/// </summary>
/// <remarks>
/// Terms: "cross-entropy", "divergence"; with weight 0 this is <see cref="CrossEntropy"/>, bit for bit. The loss is differentiated through f(x) too.
/// The attack runs in evaluation mode and its last iterate is taken.
/// </remarks>
public sealed record Trades : TrainingObjective
{
    /// <summary>The inner attack. ε = 8/255, 10 steps of 2/255 by default (the paper, CIFAR-10: 0.031, 10 steps of 0.007).</summary>
    public DivergenceAttack Attack { get; init => field = Require.NotNull(value); } = new();

    /// <summary>w, at least 0: the paper's 1/λ. 6 by default, as for its CIFAR-10 results.</summary>
    public double Weight { get; init => field = Require.NonNegative(value); } = 6;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        Tensor? attacked = Weight == 0 ? null : Attack.LastIterate(batch.Network, batch.Images, batch.Classes, batch.Generator);
        Tensor logits = batch.Network.Logits(batch.Images);
        return (logits, attacked is null ? [] : [new("divergence", Weight, Rowwise.Divergence(logits, batch.Network.Logits(attacked)).mean())]);
    }
}
