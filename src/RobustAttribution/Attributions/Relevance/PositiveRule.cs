using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// LRP-z⁺: distributes relevance in proportion to the positive contributions only (Montavon et al. 2017, eq. 10; α1β0 of Bach et al. 2015).
/// </summary>
public sealed record PositiveRule : RelevanceRule
{
    /// <inheritdoc/>
    internal override IEnumerable<(double Share, Tensor Part)> Parts(LinearMap map, RelevanceInput input)
        => [(1, AlphaBetaRule.PositiveContributions(map, input.Values))];
}
