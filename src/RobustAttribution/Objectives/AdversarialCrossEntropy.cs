using RobustAttribution.Attacks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// <c>CE(x̃, y)</c>, x̃ the images after projected gradient descent: adversarial training of the prediction (Madry et al. 2018), the
/// baseline of both papers.
/// </summary>
/// <remarks>
/// Term: "cross-entropy", that of x̃. The attack runs in evaluation mode with frozen parameters, so batch normalisation sees x̃ only; its last
/// iterate is taken, as in that paper. With radius 0 this is <see cref="CrossEntropy"/>, bit for bit.
/// </remarks>
public sealed record AdversarialCrossEntropy : TrainingObjective
{
    /// <summary>The attack on the prediction. ε = 8/255, 7 steps of 2/255 from a random start by default (Madry et al. 2018, CIFAR-10).</summary>
    public ProjectedGradientDescent Attack { get; init => field = Require.NotNull(value); } = new();

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
        => (batch.Network.Logits(Attack.LastIterate(batch.Network, batch.Images, batch.Classes, batch.Generator)), []);
}
