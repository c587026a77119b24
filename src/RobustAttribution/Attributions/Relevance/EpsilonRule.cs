using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>LRP-ε: distributes relevance in proportion to xᵢwᵢ; ε absorbs some of it where outputs are small (Bach et al. 2015, eq. 58).</summary>
public sealed record EpsilonRule : RelevanceRule
{
    /// <summary>ε, in the units of the layer's output, above 0. 1e-6 by default; towards 0 this becomes LRP-0.</summary>
    public double Epsilon { get; init => field = Require.Positive(value); } = 1e-6;

    /// <inheritdoc/>
    internal override double Stabilizer => Epsilon;

    /// <inheritdoc/>
    internal override IEnumerable<(double Share, Tensor Part)> Parts(LinearMap map, RelevanceInput input)
        => [(1, map.Apply(input.Values, map.Weight, map.Bias))];
}
