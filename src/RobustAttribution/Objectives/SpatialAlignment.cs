using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// ART, training by spatial alignment of image and gradient (Singh, Kumari, Mangla, Sinha, Balasubramanian, Krishnamurthy:
/// "Attributional Robustness Training using Input-Gradient Spatial Alignment", ECCV 2020):
/// <c>CE(x̃, y) + w · mean log(1 + exp(−(d(a, g_j*) − d(a, g_y))))</c>, d(u, v) = 1 − cos(u, v), x̃ from <see cref="AlignmentAttack"/>.
/// </summary>
/// <remarks>
/// Terms: "cross-entropy" (of x̃), "triplet". Both x and x̃ are anchors a, as constants at the normalised input; each takes the <em>largest</em>
/// distance to the two gradients g_y(x), g_y(x̃) and the <em>smallest</em> to the two g_j*(x), g_j*(x̃), j* the strongest wrong class of each.
/// The attack runs in evaluation mode and its last iterate is taken; the outer passes run in the network's mode. The classification uses the
/// network's own activation; the gradients use it too where it is smooth, and share its pass.
/// </remarks>
public sealed record SpatialAlignment : TrainingObjective
{
    /// <summary>The inner attack. ε = 8/255, 3 steps of 5/255 on about a third of the inputs by default (the paper's CIFAR-10 run).</summary>
    public AlignmentAttack Attack { get; init => field = Require.NotNull(value); } = new();

    /// <summary>w, at least 0. 0.5 by default (the paper's runs).</summary>
    public double Weight { get; init => field = Require.NonNegative(value); } = 0.5;

    /// <summary>
    /// Replaces a network activation without second derivative (ReLU) where the gradients are computed. Softplus with β = 50 by default
    /// (the paper's runs); null: the network's own.
    /// </summary>
    public Activation? AttributionActivation { get; init; } = Activation.Softplus(50);

    /// <summary>ReLU: the paper's networks keep it for the classification.</summary>
    public override Activation? RecommendedActivation => Activation.Relu;

    /// <summary>
    /// True where no <see cref="AttributionActivation"/>, unless the weight is 0, or no <see cref="AttributionAttack.Surrogate"/> of a walking
    /// <see cref="Attack"/> replaces the network's own.
    /// </summary>
    public override bool NeedsSecondDerivative(ImageNetwork network)
        => (Weight > 0 && NetworkView.SurrogateFor(network, AttributionActivation) is null)
            || (Attack.Steps > 0 && NetworkView.SurrogateFor(network, Attack.Surrogate) is null);

    /// <inheritdoc/>
    protected override (Tensor Logits, IReadOnlyList<Penalty> Penalties) Measure(TrainingBatch batch)
    {
        ImageNetwork network = batch.Network;
        Tensor attacked = Attack.LastIterate(network, batch.Images, batch.Classes, batch.Generator);
        if (Weight == 0)
        {
            return (network.Logits(attacked), []);
        }

        Activation? surrogate = NetworkView.SurrogateFor(network, AttributionActivation);
        InputGradients clean = GradientsOf(network, surrogate, batch.Images, batch.Classes);
        InputGradients moved = GradientsOf(network, surrogate, attacked, batch.Classes);
        Tensor triplet = cat([Triplet(clean.Anchor, clean, moved), Triplet(moved.Anchor, clean, moved)], 0).mean();
        return (surrogate is null ? moved.Logits : network.Logits(attacked), [new("triplet", Weight, triplet)]);
    }

    private static Tensor Triplet(Tensor anchor, InputGradients a, InputGradients b)
    {
        Tensor own = maximum(Distance(anchor, a.Own), Distance(anchor, b.Own));
        Tensor rival = minimum(Distance(anchor, a.Rival), Distance(anchor, b.Rival));
        return AlignmentAttack.SoftMargin(rival - own); // [N]
    }

    private static Tensor Distance(Tensor u, Tensor v) => 1 - Rowwise.Cosine(u, v);

    private InputGradients GradientsOf(ImageNetwork network, Activation? surrogate, Tensor images, Tensor classes)
    {
        using IDisposable? activation = surrogate is null ? null : network.WithActivation(surrogate);
        Tensor x = network.Normalize(images).requires_grad_(true);
        using LogitPass pass = new(nameof(SpatialAlignment), network, x, Derivative.Second);
        Tensor own = pass.Gradient(classes, createGraph: true);
        Tensor rival = pass.Gradient(AlignmentAttack.StrongestWrongClass(pass.Logits, classes), createGraph: true);
        return new InputGradients(pass.Logits, Attack.Vectors(x.detach()), Attack.Vectors(own), Attack.Vectors(rival));
    }

    /// <summary>Logits [N,K], and the vectors [N,·] of x, g_y and g_j*.</summary>
    private readonly record struct InputGradients(Tensor Logits, Tensor Anchor, Tensor Own, Tensor Rival);
}
