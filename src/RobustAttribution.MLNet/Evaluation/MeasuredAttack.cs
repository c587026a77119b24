using RobustAttribution.Attacks;
using RobustAttribution.Attributions;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>What <see cref="AttributionRobustnessMetrics"/> were measured with, and merge by.</summary>
/// <param name="CorrectlyClassifiedOnly">Whether rows that are misclassified before the attack are left out.</param>
/// <param name="Attack">The attack; null where columns do not say it.</param>
/// <param name="Method">The attribution; null where columns do not say it.</param>
/// <param name="Reduction">How it became a map; null where columns do not say it.</param>
/// <param name="OtherImages">Whether maps of different images were compared.</param>
internal sealed record MeasuredAttack(
    bool CorrectlyClassifiedOnly,
    IAttributionAttack? Attack = null,
    IAttributionMethod? Method = null,
    MapReduction? Reduction = null,
    bool OtherImages = false)
{
    /// <summary>Attributions that know nothing of the network, measured under the same attack.</summary>
    public IReadOnlyList<IAttributionMethod> Controls { get; init; } = [];
}
