using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>
/// Share of the k most salient pixels of one map that are among the k most salient of the other: |T_k(a) ∩ T_k(b)|/k (Ghorbani et al. 2019, section
/// 2).
/// </summary>
/// <remarks>
/// From 0 to 1, symmetric, unchanged by any increasing function of the values. Of equal values the first in row-major order count, so two constant
/// maps give 1.
/// Maps of fewer than k pixels are refused.
/// </remarks>
public sealed record TopKIntersection(int K = 100) : MapSimilarity
{
    /// <summary>k, at least 1. 100 by default (ART's evaluation).</summary>
    public int K { get; init => field = Require.InRange(value, 1); } = Require.InRange(K, 1, name: nameof(K));

    /// <inheritdoc/>
    public override string Name => $"Top-{K} intersection";

    internal override void CheckSize(long height, long width) => TopPixels.CheckSize(K, height, width);

    private protected override Tensor Measure(Tensor a, Tensor b)
        => TopPixels.Mask(a, K).logical_and(TopPixels.Mask(b, K)).flatten(1).sum(1).to(ScalarType.Float64) / K;
}
