using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// <c>CE(x, y) + w · mean ‖H v‖₂²</c>, H the Hessian of the true class' logit at the normalised input and v ~ N(0, 1), one draw for each image:
/// an estimate of the squared Frobenius norm of H, the baseline of Joo et al. 2023 (after Dombrowski et al. 2022).
/// </summary>
/// <remarks>
/// Terms: "cross-entropy", "hessian"; with weight 0 this is <see cref="CrossEntropy"/>, bit for bit. H v is the derivative of g_y · v, and the loss
/// is
/// differentiated once more; all from the one forward pass of the cross-entropy. A network without second derivative (ReLU) is not penalised at all.
/// libtorch's third derivative is wrong for LayerNorm, InstanceNorm and BatchNorm in training mode, of which a training warns.
/// </remarks>
public sealed record HessianNormPenalty : TrainingObjective
{
    /// <summary>w, at least 0. 1e-3 by default (the paper's LeNet and ImageNet-100 runs; 1e-4 for ResNet-18 on CIFAR-10).</summary>
    public double Weight { get; init => field = Require.NonNegative(value); } = 1e-3;

    /// <summary>Softplus with β = 3, as the paper trains.</summary>
    public override Activation? RecommendedActivation => Activation.Softplus(3);

    /// <summary>True, unless the weight is 0.</summary>
    public override bool NeedsSecondDerivative(ImageNetwork network) => Weight > 0;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        ImageNetwork network = batch.Network;
        if (Weight == 0)
        {
            return (network.Logits(batch.Images), []);
        }

        Tensor x = network.Normalize(batch.Images).requires_grad_(true);
        using LogitPass pass = new(nameof(HessianNormPenalty), network, x, Derivative.Third);
        Tensor gradient = pass.Gradient(batch.Classes, createGraph: true);
        Tensor v = CpuDraws.Normal(x, batch.Generator);
        Tensor hessianTimesV = Differentiation.GradientIfAny(gradient * v, x, createGraph: true) ?? zeros_like(x);
        return (pass.Logits, [new("hessian", Weight, Rowwise.SquaredNorm(hessianTimesV).mean())]);
    }
}
