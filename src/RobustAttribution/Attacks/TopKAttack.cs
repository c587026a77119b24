using RobustAttribution.Attributions;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Lowers the share of the map that lies on the k most salient pixels of the clean map: the top-k attack (Ghorbani, Abid, Zou: "Interpretation of
/// Neural Networks Is Fragile", AAAI 2019, algorithm 1), as Singh et al. 2020 evaluate with. Objective: −Σ_{i in top k of h(x)} h(x')_i, h the
/// map, scaled to sum 1.
/// </summary>
/// <remarks>
/// ε = 8/255, 50 steps of 1/255, k = 100 by default (Singh et al. 2020). The surrogate of ReLU networks, softplus β = 20, is ours: their
/// gradients are piecewise constant.
/// </remarks>
public sealed record TopKAttack : MapAttack
{
    /// <summary>The attack with its defaults.</summary>
    public TopKAttack() => Reduction = new MapReduction(MapSign.Absolute, MapScale.Sum);

    /// <summary>k: how many pixels, at least 1 and below the pixels of the map. 100 by default.</summary>
    public int K { get; init => field = Require.InRange(value, 1); } = 100;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
    {
        CheckSize(clean.Map.shape[1], clean.Map.shape[2]);
        Tensor top = clean.Map.flatten(1).topk(K, 1).indexes; // [N,k]
        return view => -view.Map.flatten(1).gather(1, top).sum(1);
    }

    /// <inheritdoc/>
    internal override void CheckSize(long height, long width)
    {
        CheckK(K, height, width);
        base.CheckSize(height, width);
    }

    /// <summary>Throws unless k is below the pixels of the map.</summary>
    internal static void CheckK(int k, long height, long width)
    {
        if (k >= height * width)
        {
            throw new ArgumentException($"{nameof(K)} is {k}; allowed is less than the {height * width} pixels of the map.");
        }
    }
}
