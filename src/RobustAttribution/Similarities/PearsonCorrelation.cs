using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Linear correlation of the pixels' values: Σ(a−ā)(b−b̄)/√(Σ(a−ā)²·Σ(b−b̄)²), means and sums over one pair of maps.</summary>
/// <remarks>
/// From −1 to 1, symmetric, unchanged by positive scaling and shifting of either map. NaN where a map is constant: the correlation is undefined
/// there.
/// </remarks>
public sealed record PearsonCorrelation : MapSimilarity
{
    /// <inheritdoc/>
    public override string Name => "Pearson correlation";

    private protected override Tensor Measure(Tensor a, Tensor b) => MapVectors.Cosine(MapVectors.Centred(a), MapVectors.Centred(b));
}
