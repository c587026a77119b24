using RobustAttribution.Attributions;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Moves the map towards a target map and holds the logits: the manipulation of Dombrowski et al. ("Explanations can be manipulated and geometry is
/// to
/// blame", NeurIPS 2019), as Joo et al. 2023 evaluate with. Objective: −(γ·‖h(x') − h_t‖² + (1 − γ)·‖f(x') − f(x)‖²), h the map, f the logits.
/// </summary>
/// <remarks>
/// 100 steps of Adam with step 4ε/steps, γ = 0.5, ε = 4/255, map = |gradient| summed over the channels and divided by its maximum, frame-shaped
/// target by default (Joo et al. 2023, evaluation scripts, which start at the image: <see cref="AttributionAttack.RandomStart"/> false). f(x) and
/// f(x') are of the same network: the surrogate for the steps, the true one for the choice of the best iterate.
/// </remarks>
public sealed record TargetMapAttack : MapAttack
{
    /// <summary>The attack with its defaults.</summary>
    public TargetMapAttack()
    {
        ThreatModel = new LinfBall(4.0 / 255);
        Steps = 100;
        Step = new AdamStep();
        Reduction = new MapReduction(MapSign.Absolute, MapScale.Max);
    }

    /// <summary>γ, from 0 to 1: the weight of the map against the logits. 0.5 by default.</summary>
    public double Gamma { get; init => field = Require.InRange(value, 0, 1); } = 0.5;

    /// <summary>The target map, scaled as <see cref="MapAttack.Reduction"/> scales maps. A frame by default.</summary>
    public TargetMap Target { get; init => field = Require.NotNull(value); } = new FrameTarget();

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
    {
        Tensor target = (Reduction with { Sign = MapSign.Signed }).Reduce(Target.Create(clean.Map).unsqueeze(1)); // [N,H,W]
        return view => -((Rowwise.SquaredNorm(view.Map - target) * Gamma) + (Rowwise.SquaredNorm(view.Logits - view.Clean.Logits) * (1 - Gamma)));
    }
}
