using RobustAttribution.Attributions;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Lowers Pearson's correlation of the map with the clean one: the inner attack of AdvAAT (Ivankay, Girardi, Marchiori, Frossard: "FAR: A General
/// Framework for Attributional Robustness", 2020). Objective: <c>γ · CE(x', y) + (1 − γ) · (1 − ρ(h(x), h(x')))</c>, h the map.
/// </summary>
/// <remarks>
/// ε = 8/255, 7 steps of 2/255 from a random start on signed integrated gradients of 5 points (midpoint rule) by default; the paper leaves the
/// attribution open.
/// </remarks>
public sealed record CorrelationAttack : MapAttack
{
    /// <summary>The attack with its defaults.</summary>
    public CorrelationAttack()
    {
        Steps = 7;
        Step = new SteepestStep(2.0 / 255);
        RandomStart = true;
        Attribution = new IntegratedGradients { Steps = 5, Quadrature = PathQuadrature.Midpoint };
        Reduction = new MapReduction(MapSign.Signed);
    }

    /// <summary>γ, from 0 to 1: the weight of the cross-entropy against the correlation. 0 by default; with 1 no map is computed.</summary>
    public double CrossEntropyShare { get; init => field = Require.InRange(value, 0, 1); }

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
        => view => WithCrossEntropy(view, CrossEntropyShare, Distance);

    private static Tensor Distance(NetworkView view) => 1 - Rowwise.Correlation(view.Clean.Map, view.Map);
}
