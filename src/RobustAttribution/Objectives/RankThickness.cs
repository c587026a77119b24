using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// R2ET, <c>CE(x, y) − w_gap · mean (h_i − h_j) + w_H · mean ‖H s‖₂</c>: the k largest values h_i of the map |g_y| stand above the others h_j,
/// and g_y bends little along its own sign s (Chen, Guo, Chen, Ma, Zeng, Liao, Zhang, Xie: "Training for Stable Explanation for Free", NeurIPS
/// 2024). g_y is the gradient of the true class' logit at the normalised input, H its Hessian.
/// </summary>
/// <remarks>
/// Terms: "gap" is −mean (h_i − h_j), over the pairs of an image, where the paper has the sum; "hessian" is ‖g_y(x + z) − g_y(x)‖/‖z‖, a finite
/// difference. A term of weight 0 is neither computed nor named (R2ET without Hessian: w_H = 0); with both at 0 this is <see cref="CrossEntropy"/>,
/// bit for bit. Without a <see cref="Reduction"/> that scales, the gap grows with the gradients and the loss has no lower bound: weights are small.
/// </remarks>
public sealed record RankThickness : TrainingObjective
{
    /// <summary>k, at least 1: how many pixels should stay on top; at most all but one count. 100 by default (the paper's CIFAR-10 run).</summary>
    public int K { get; init => field = Require.InRange(value, 1, Limits.ImageValues); } = 100;

    /// <summary>
    /// k', at least 1: how many values on each side of the border are compared, the smallest above and the largest below (R2ET-mm). Null, the
    /// default: all.
    /// </summary>
    public int? Pairs { get; init => field = value is { } pairs ? Require.InRange(pairs, 1, Limits.ImageValues) : null; }

    /// <summary>w_gap, at least 0. 0.01 by default.</summary>
    public double GapWeight { get; init => field = Require.NonNegative(value); } = 0.01;

    /// <summary>w_H, at least 0. 0.01 by default.</summary>
    public double HessianWeight { get; init => field = Require.NonNegative(value); } = 0.01;

    /// <summary>The length of z in pixel units, above 0 to 1: z = ε/std · sign(g_y). 4/255 by default, as AGA's neighbours.</summary>
    public double Epsilon { get; init => field = Require.Pixels(Require.Positive(value)); } = 4.0 / 255;

    /// <summary>How g_y becomes the map whose ranks are trained. Magnitudes summed over the channels by default.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>Softplus with β = 3, as AGA trains with.</summary>
    public override Activation? RecommendedActivation => Activation.Softplus(3);

    /// <summary>True, unless both weights are 0.</summary>
    public override bool NeedsSecondDerivative(ImageNetwork network) => GapWeight > 0 || HessianWeight > 0;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        ImageNetwork network = batch.Network;
        if (GapWeight == 0 && HessianWeight == 0)
        {
            return (network.Logits(batch.Images), []);
        }

        Tensor x = network.Normalize(batch.Images).requires_grad_(true);
        using LogitPass pass = new(nameof(RankThickness), network, x, Derivative.Second);
        Tensor gradient = pass.Gradient(batch.Classes, createGraph: true); // g_y(x)
        List<Penalty> penalties = [];
        if (GapWeight > 0)
        {
            penalties.Add(new("gap", GapWeight, Gap(Reduction.Reduce(gradient).flatten(1)).mean()));
        }

        if (HessianWeight > 0)
        {
            Tensor z = gradient.detach().sign() * network.NormalizedRadius(Epsilon);
            using LogitPass beside = new(nameof(RankThickness), network, (x + z).detach().requires_grad_(true), Derivative.Second);
            Tensor change = Rowwise.Norm(beside.Gradient(batch.Classes, createGraph: true) - gradient);
            penalties.Add(new("hessian", HessianWeight, (change / Rowwise.Norm(z)).mean()));
        }

        return (pass.Logits, penalties);
    }

    // The mean over all pairs is the difference of the means.
    private Tensor Gap(Tensor map)
    {
        long size = map.shape[1], k = Math.Clamp(K, 1, size - 1), above = Math.Min(Pairs ?? k, k), below = Math.Min(Pairs ?? size, size - k);
        Tensor sorted = map.sort(1, descending: true).Values;
        return sorted.narrow(1, k, below).mean([1L]) - sorted.narrow(1, k - above, above).mean([1L]);
    }
}
