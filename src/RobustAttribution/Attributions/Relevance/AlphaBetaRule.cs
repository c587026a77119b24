using static TorchSharp.torch;
using static RobustAttribution.Attributions.LinearMap;

namespace RobustAttribution.Attributions;

/// <summary>
/// LRP-αβ: distributes α of the relevance in proportion to the positive contributions and −β of it to the negative ones, with α − β = 1
/// (Bach et al. 2015, eq. 60).
/// </summary>
/// <remarks>An output without negative contributions passes on α times its relevance, one without positive contributions −β times.</remarks>
public sealed record AlphaBetaRule : RelevanceRule
{
    /// <summary>α, at least 1; β is α − 1. 2 by default. 1 is <see cref="PositiveRule"/>.</summary>
    public double Alpha { get; init => field = Require.InRange(value, 1, 1e6); } = 2;

    /// <inheritdoc/>
    internal override IEnumerable<(double Share, Tensor Part)> Parts(LinearMap map, RelevanceInput input)
    {
        yield return (Alpha, PositiveContributions(map, input.Values));
        if (Alpha > 1)
        {
            (Tensor positive, Tensor negative) = (input.Values.clamp_min(0), input.Values.clamp_max(0));
            Tensor contributions = map.Apply(positive, Negative(map.Weight)!, Negative(map.Bias)) + map.Apply(negative, Positive(map.Weight)!, null);
            yield return (1 - Alpha, contributions);
        }
    }

    /// <summary>The sum of all xᵢwᵢ above 0, and of the bias where it is.</summary>
    internal static Tensor PositiveContributions(LinearMap map, Tensor x)
        => map.Apply(x.clamp_min(0), Positive(map.Weight)!, Positive(map.Bias)) + map.Apply(x.clamp_max(0), Negative(map.Weight)!, null);
}
