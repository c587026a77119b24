using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>
/// LENS@k: top-k intersection that forgives shifts of a few pixels. Share of the k most salient pixels of <c>b</c> that lie within w pixels (in rows
/// and in columns)
/// of one of the k most salient pixels of <c>a</c>: |N_w(T_k(a)) ∩ T_k(b)|/k (Kamath et al., "Rethinking Robustness of Model Attributions", AAAI
/// 2024, w-LENS-recall@k).
/// </summary>
/// <remarks>
/// From 0 to 1; never below <see cref="TopKIntersection"/>, and equal to it at w = 0. Not symmetric: with the maps exchanged it is the paper's
/// w-LENS-pre@k.
/// Ties and small maps as <see cref="TopKIntersection"/>.
/// </remarks>
public sealed record LocalitySensitiveTopK(int K = 100, int Window = 1) : MapSimilarity
{
    /// <summary>k, at least 1. 100 by default, to be read beside the top-100 intersection.</summary>
    public int K { get; init => field = Require.InRange(value, 1); } = Require.InRange(K, 1, name: nameof(K));

    /// <summary>w in pixels, at least 0. 1 by default: 3×3 neighbourhoods.</summary>
    public int Window { get; init => field = Require.InRange(value, 0, Limits.ImageSide); }
        = Require.InRange(Window, 0, Limits.ImageSide, nameof(Window));

    /// <inheritdoc/>
    public override string Name => $"{Window}-LENS@{K}";

    internal override void CheckSize(long height, long width) => TopPixels.CheckSize(K, height, width);

    private protected override Tensor Measure(Tensor a, Tensor b)
    {
        Tensor near = nn.functional.max_pool2d(TopPixels.Mask(a, K).to(ScalarType.Float64).unsqueeze(1), (2 * Window) + 1, 1, Window).squeeze(1);
        return (near * TopPixels.Mask(b, K).to(ScalarType.Float64)).flatten(1).sum(1) / K;
    }
}
