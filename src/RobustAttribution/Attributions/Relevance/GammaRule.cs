using static TorchSharp.torch;
using static RobustAttribution.Attributions.LinearMap;

namespace RobustAttribution.Attributions;

/// <summary>LRP-γ: contributions of the output's own sign are multiplied by 1 + γ (Montavon et al. 2019, section 10.2.3).</summary>
/// <remarks>
/// In the form for inputs and outputs of either sign (Andéol et al. 2021); for inputs of at least 0 and positive outputs it is the original, with
/// w + γw⁺.
/// </remarks>
public sealed record GammaRule : RelevanceRule
{
    /// <summary>γ, at least 0. 0.25 by default (Montavon et al. 2019). 0 is LRP-0, ∞ tends to z⁺.</summary>
    public double Gamma { get; init => field = Require.NonNegative(value); } = 0.25;

    /// <inheritdoc/>
    internal override IEnumerable<(double Share, Tensor Part)> Parts(LinearMap map, RelevanceInput input)
    {
        (Tensor w, Tensor? b, Tensor x) = (map.Weight, map.Bias, input.Values);
        Tensor towardsPositive = w + (Gamma * Positive(w)!), towardsNegative = w + (Gamma * Negative(w)!);
        (Tensor positive, Tensor negative) = (x.clamp_min(0), x.clamp_max(0));
        Tensor? raisedBias = b is null ? null : b + (Gamma * Positive(b)!), loweredBias = b is null ? null : b + (Gamma * Negative(b)!);
        Tensor raised = map.Apply(positive, towardsPositive, raisedBias) + map.Apply(negative, towardsNegative, null);
        Tensor lowered = map.Apply(positive, towardsNegative, loweredBias) + map.Apply(negative, towardsPositive, null);
        return [(1, where(map.Apply(x, w, b).gt(0), raised, lowered))];
    }
}
