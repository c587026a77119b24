using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Objectives;

/// <summary>
/// IGR: <c>CE(x̃, y) + w · (1 − mean cos(IG_y(x), IG_y(x̃)))</c>, IG_y the integrated gradients of the true class' logit, x̃ the images after
/// projected gradient descent (Wang and Kong: "Exploiting the Relationship Between Kendall's Rank Correlation and Cosine Similarity for Attribution
/// Protection", NeurIPS 2022).
/// </summary>
/// <remarks>
/// Terms: "cross-entropy" (of x̃), "cosine"; with weight 0 this is <see cref="AdversarialCrossEntropy"/>, bit for bit. The loss is differentiated
/// through both attributions, which take passes of their own, in the network's mode.
/// </remarks>
public sealed record IntegratedGradientRegularization : TrainingObjective
{
    /// <summary>The attack on the prediction. ε = 8/255, 7 steps of 2/255 from a random start by default (Madry et al. 2018, CIFAR-10).</summary>
    public ProjectedGradientDescent Attack { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The attribution. From black, 5 points of the midpoint rule by default: few, as every one is a pass that is differentiated.</summary>
    public IntegratedGradients Attribution { get; init => field = Require.NotNull(value); }
        = new() { Steps = 5, Quadrature = PathQuadrature.Midpoint };

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
        Tensor attacked = Attack.LastIterate(network, images, classes, generator);
        Tensor logits = network.Logits(attacked);
        if (Weight == 0)
        {
            return (logits, []);
        }

        Tensor cosine = Rowwise.Cosine(
            Attribution.Attribute(network, images, classes, createGraph: true),
            Attribution.Attribute(network, attacked, classes, createGraph: true));
        return (logits, [new("cosine", Weight, 1 - cosine.mean())]);
    }
}
