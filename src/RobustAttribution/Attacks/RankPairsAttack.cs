using RobustAttribution.Attributions;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Attacks;

/// <summary>
/// Inverts the order of pixels at the border of the top k: the attack on the thickness of explanations (Chen et al.: "Training for Stable
/// Explanation for Free", NeurIPS 2024). Objective: −Σ_{i,j} tanh((h_i(x') − h_j(x'))/s) over the pairs of i, one of the p lowest pixels among the
/// top k of h(x), and j, one of the p highest below; s: the mean of h_i(x) − h_j(x) over the pairs.
/// </summary>
/// <remarks>
/// ε = 8/255, 50 steps of 1/255 by default, as <see cref="TopKAttack"/>. The paper sums the differences themselves; saturated, a pair that is
/// inverted gains no more, so the sum counts inversions. tanh and s are ours.
/// </remarks>
public sealed record RankPairsAttack : MapAttack
{
    /// <summary>The attack with its defaults.</summary>
    public RankPairsAttack() => Reduction = new MapReduction(MapSign.Absolute, MapScale.Sum);

    /// <summary>k: how many pixels are on top, at least 1 and below the pixels of the map. 100 by default.</summary>
    public int K { get; init => field = Require.InRange(value, 1); } = 100;

    /// <summary>p: pixels on each side of the border, at least 1; at most k and the pixels below count. 100 by default.</summary>
    public int Border { get; init => field = Require.InRange(value, 1); } = 100;

    /// <inheritdoc/>
    protected internal override Func<NetworkView, Tensor> Objective(NetworkView clean, NetworkView start)
    {
        CheckSize(clean.Map.shape[1], clean.Map.shape[2]);
        Tensor map = clean.Map.flatten(1);
        long above = Math.Min(Border, K), below = Math.Min(Border, map.shape[1] - K);
        Tensor border = map.topk((int)(K + below), 1).indexes.narrow(1, K - above, above + below); // [N,a+b], in falling order
        Tensor scale = Gaps(map).mean([1L, 2L], true).clamp_min(1e-30);
        return view => -(Gaps(view.Map.flatten(1)) / scale).tanh().sum([1L, 2L]);

        // h_i − h_j, [N,a,b].
        Tensor Gaps(Tensor maps)
        {
            Tensor values = maps.gather(1, border);
            return values.narrow(1, 0, above).unsqueeze(2) - values.narrow(1, above, below).unsqueeze(1);
        }
    }

    /// <inheritdoc/>
    internal override void CheckSize(long height, long width)
    {
        TopKAttack.CheckK(K, height, width);
        base.CheckSize(height, width);
    }
}
