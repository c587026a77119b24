using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// <c>CE(x, y) + w · mean ‖∇ℓ_y(x)‖₂²</c>, ∇ℓ_y the gradient of each image's cross-entropy at the normalised input: double back-propagation
/// (Drucker and LeCun 1992), as input-gradient regularisation in Ross and Doshi-Velez 2018.
/// </summary>
/// <remarks>
/// Terms: "cross-entropy", "gradient"; with weight 0 this is <see cref="CrossEntropy"/>, bit for bit. One forward pass serves both. The gradient
/// changes with the softmax, so that it can be trained on a ReLU network too.
/// </remarks>
public sealed record InputGradientPenalty : TrainingObjective
{
    /// <summary>w, at least 0. 1 by default; what is right depends on the size of the images.</summary>
    public double Weight { get; init => field = Require.NonNegative(value); } = 1;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        ImageNetwork network = batch.Network;
        if (Weight == 0)
        {
            return (network.Logits(batch.Images), []);
        }

        using LogitPass pass = new(
            nameof(InputGradientPenalty), network, network.Normalize(batch.Images).requires_grad_(true), Derivative.Second);
        Tensor gradient = pass.LossGradient(batch.Classes, createGraph: true);
        return (pass.Logits, [new("gradient", Weight, Rowwise.SquaredNorm(gradient).mean())]);
    }
}
