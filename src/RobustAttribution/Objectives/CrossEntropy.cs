using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>CE(x, y), the mean negative log-likelihood of the true classes: training without any protection.</summary>
public sealed record CrossEntropy : TrainingObjective
{
    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch) => (batch.Network.Logits(batch.Images), []);
}
