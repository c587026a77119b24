using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Similarities;

/// <summary>
/// Distance in pixels between the maps' centres of mass, Σ|m(p)|·p/Σ|m(p)| over the pixels' row and column p (Ghorbani et al. 2019, section 2).
/// </summary>
/// <remarks>
/// At least 0, 0 for equal maps, symmetric, unchanged by scaling of either map. Mass is magnitude, so signed maps are fine. NaN where a map is zero
/// everywhere: it has no centre.
/// </remarks>
public sealed record CenterOfMassShift : MapSimilarity
{
    /// <inheritdoc/>
    public override string Name => "Center-of-mass shift";

    /// <inheritdoc/>
    public override bool HigherIsMoreSimilar => false;

    /// <inheritdoc/>
    public override double Ideal => 0;

    private protected override Tensor Measure(Tensor a, Tensor b) => (Center(a) - Center(b)).square().sum(1).sqrt();

    /// <summary>[N,2]: row and column.</summary>
    private static Tensor Center(Tensor maps)
    {
        Tensor largest = maps.abs().flatten(1).amax([1]).reshape(-1, 1, 1);
        Tensor mass = maps.abs() / where(largest.eq(0), ones_like(largest), largest);
        Tensor total = mass.flatten(1).sum(1);
        Tensor row = (mass.sum(2) * Places(maps, 1)).sum(1) / total;
        Tensor column = (mass.sum(1) * Places(maps, 2)).sum(1) / total;
        return stack([row, column], 1);
    }

    private static Tensor Places(Tensor maps, int dimension)
        => tensor(Enumerable.Range(0, (int)maps.shape[dimension]).Select(place => (double)place).ToArray(), device: maps.device);
}
