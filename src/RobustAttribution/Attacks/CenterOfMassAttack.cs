using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Moves the centre of mass of the map away from that of the clean map (Ghorbani, Abid, Zou: "Interpretation of Neural Networks Is Fragile", AAAI
/// 2019). Objective: ‖c(h(x')) − c(h(x))‖₂ in pixels, c(h) = Σ_p h_p · p / Σ_p h_p over pixel positions p.
/// </summary>
/// <remarks>
/// ε = 8/255, 50 steps of 1/255 by default, as <see cref="TopKAttack"/>. The objective has no gradient at the image itself, so it needs its random
/// start.
/// </remarks>
public sealed record CenterOfMassAttack : MapAttack
{
    /// <inheritdoc/>
    internal override bool LeavesImage => false;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
    {
        Tensor origin = Center(clean.Map);
        return view => Rowwise.Norm(Center(view.Map) - origin);
    }

    private static Tensor Center(Tensor map)
    {
        Tensor rows = arange(0, map.shape[1], 1, map.dtype, map.device), columns = arange(0, map.shape[2], 1, map.dtype, map.device);
        Tensor weighted = stack([(map.sum(2) * rows).sum(1), (map.sum(1) * columns).sum(1)], 1); // [N,2]
        return weighted / map.flatten(1).sum(1).unsqueeze(1);
    }
}
