using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>Mean over the pixels of (a − b)².</summary>
/// <remarks>
/// At least 0, 0 for equal maps, symmetric; depends on the maps' scale, so compare maps of one <see cref="Attributions.MapReduction"/> (AGA divides
/// by the maximum).
/// </remarks>
public sealed record MeanSquaredError : MapSimilarity
{
    /// <inheritdoc/>
    public override string Name => "Mean squared error";

    /// <inheritdoc/>
    public override bool HigherIsMoreSimilar => false;

    /// <inheritdoc/>
    public override double Ideal => 0;

    private protected override Tensor Measure(Tensor a, Tensor b) => (a - b).square().flatten(1).mean([1]);
}
