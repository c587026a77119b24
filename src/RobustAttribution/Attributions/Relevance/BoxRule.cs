using static TorchSharp.torch;
using static RobustAttribution.Attributions.LinearMap;

namespace RobustAttribution.Attributions;

/// <summary>
/// z-box, for the first layer: distributes relevance in proportion to xᵢwᵢ − lᵢwᵢ⁺ − hᵢwᵢ⁻, with l and h the smallest and largest value that a pixel
/// can have (Montavon et al. 2017, eq. 11).
/// </summary>
/// <remarks>l and h are the bounds of the normalised images. Biases take no relevance.</remarks>
public sealed record BoxRule : RelevanceRule
{
    /// <inheritdoc/>
    internal override bool NeedsBounds => true;

    /// <inheritdoc/>
    internal override IEnumerable<(double Share, Tensor Part)> Parts(LinearMap map, RelevanceInput input)
    {
        if (input is not { Lowest: { } lowest, Highest: { } highest })
        {
            throw new NotSupportedException(
                $"{nameof(BoxRule)} needs the bounds of the layer's input, which are known at the first layer only. "
                + $"Use it as {nameof(RelevanceComposite.FirstLayer)}.");
        }

        Tensor weight = map.Weight;
        Tensor least = map.Apply(lowest, Positive(weight)!, null), most = map.Apply(highest, Negative(weight)!, null);
        return [(1, map.Apply(input.Values, weight, null) - least - most)];
    }
}
