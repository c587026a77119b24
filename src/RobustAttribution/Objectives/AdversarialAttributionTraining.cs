using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// AdvAAT: <c>CE(x̃, y) + w · (1 − mean ρ(h(x), h(x̃)))</c>, h the map that <see cref="CorrelationAttack"/> attacks, ρ Pearson's correlation of an
/// image's two maps; x̃ makes the whole sum large (Ivankay, Girardi, Marchiori, Frossard: "FAR: A General Framework for Attributional Robustness",
/// 2020).
/// </summary>
/// <remarks>
/// Terms: "cross-entropy" (of x̃), "correlation"; with weight 0 this is <see cref="AdversarialCrossEntropy"/>, bit for bit where neither has a
/// surrogate in effect. The loss is differentiated through both maps. The attack runs in evaluation mode and its last iterate is taken; the maps
/// take passes of their own, in the network's mode.
/// </remarks>
public sealed record AdversarialAttributionTraining : TrainingObjective
{
    /// <summary>
    /// The inner attack, whose map is the one that is trained; its share of the cross-entropy is 1/(1 + w). ε = 8/255, 7 steps of 2/255 from a
    /// random start, integrated gradients of 5 points by default.
    /// </summary>
    public CorrelationAttack Attack { get; init => field = Require.NotNull(value); } = new();

    /// <summary>w, at least 0. 1 by default.</summary>
    public double Weight { get; init => field = Require.NonNegative(value); } = 1;

    /// <summary>Softplus with β = 3, as AGA trains with.</summary>
    public override Activation? RecommendedActivation => Activation.Softplus(3);

    /// <summary>True, unless the weight is 0.</summary>
    public override bool NeedsSecondDerivative(ImageNetwork network) => Weight > 0;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        (ImageNetwork network, Tensor images, Tensor classes, Generator generator) = batch;
        CorrelationAttack attack = Attack with { CrossEntropyShare = 1 / (1 + Weight) };
        Tensor attacked = attack.LastIterate(network, images, classes, generator);
        Tensor logits = network.Logits(attacked);
        if (Weight == 0)
        {
            return (logits, []);
        }

        SaliencyMap map = Attack.AttackedMap;
        Tensor correlation = Rowwise.Correlation(map.Of(network, images, classes, true), map.Of(network, attacked, classes, true));
        return (logits, [new("correlation", Weight, 1 - correlation.mean())]);
    }
}
