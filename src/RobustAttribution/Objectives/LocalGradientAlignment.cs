using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// AGA, training by local gradient alignment (Joo, Chang, Moon: "Towards More Robust Interpretation via Local Gradient Alignment", AAAI 2023):
/// <c>CE(x, y) + w_l2 · mean ‖g_y(x) − g_y(x+z)‖₂² + w_cos · (1 − mean cos(g_y(x), g_y(x+z)))/2</c>,
/// g_y the gradient of the true class' logit at the normalised input x.
/// </summary>
/// <remarks>
/// Terms: "cross-entropy", "l2", "cosine"; a term of weight 0 is neither computed nor named, and with both at 0 this is <see
/// cref="CrossEntropy"/>, bit for bit. x + z is not clamped. The cross-entropy and g_y(x) share one forward pass; g_y(x+z) takes the second one,
/// in the network's mode, so batch normalisation counts both in its running statistics and, while training, mixes the gradients of a batch as it
/// mixes its activations.
/// </remarks>
public sealed record LocalGradientAlignment : TrainingObjective
{
    /// <summary>ε in pixel units, from 0 to 1: how far z goes. 4/255 by default (RECIPES: the paper's training scripts).</summary>
    public double Epsilon { get; init => field = Require.Pixels(value); } = 4.0 / 255;

    /// <summary>w_l2, at least 0. 0.01 by default (the paper's CIFAR-10 runs; 1.0 for ImageNet-100).</summary>
    public double L2Weight { get; init => field = Require.NonNegative(value); } = 0.01;

    /// <summary>w_cos, at least 0. 1.0 by default (the paper's LeNet run; 0.1 for ResNet-18 on CIFAR-10, 0.01 on ImageNet-100).</summary>
    public double CosineWeight { get; init => field = Require.NonNegative(value); } = 1.0;

    /// <summary>How z is chosen. Uniform by default, as the paper trains.</summary>
    public LocalPerturbation Perturbation { get; init => field = Require.NotNull(value); } = LocalPerturbation.Uniform;

    /// <summary>
    /// Whether the loss is differentiated through g_y(x) too. False by default: g_y(x) is the constant that g_y(x+z) is drawn to. True
    /// costs a second graph.
    /// </summary>
    public bool AttachSourceGradient { get; init; }

    /// <summary>Softplus with β = 3, as the paper trains.</summary>
    public override Activation? RecommendedActivation => Activation.Softplus(3);

    /// <summary>True, unless both weights are 0.</summary>
    public override bool NeedsSecondDerivative(ImageNetwork network) => L2Weight > 0 || CosineWeight > 0;

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        ImageNetwork network = batch.Network;
        if (L2Weight == 0 && CosineWeight == 0)
        {
            return (network.Logits(batch.Images), []);
        }

        Tensor x = network.Normalize(batch.Images).requires_grad_(true);
        using LogitPass pass = new(nameof(LocalGradientAlignment), network, x, AttachSourceGradient ? Derivative.Second : Derivative.First);
        Tensor source = pass.Gradient(batch.Classes, AttachSourceGradient); // g_y(x)
        Tensor z = Perturbation.Draw(source.detach(), network.NormalizedRadius(Epsilon), batch.Generator);
        Tensor neighbour = (x + z).detach().requires_grad_(true);
        // g_y(x+z)
        using LogitPass beside = new(nameof(LocalGradientAlignment), network, neighbour, Derivative.Second);
        Tensor moved = beside.Gradient(batch.Classes, createGraph: true);

        List<Penalty> penalties = [];
        if (L2Weight > 0)
        {
            penalties.Add(new("l2", L2Weight, Rowwise.SquaredNorm(source - moved).mean()));
        }

        if (CosineWeight > 0)
        {
            penalties.Add(new("cosine", CosineWeight, (1 - Rowwise.Cosine(source, moved).mean()) / 2));
        }

        return (pass.Logits, penalties);
    }
}
