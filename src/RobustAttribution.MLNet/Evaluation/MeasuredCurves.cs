using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>What <see cref="PixelCurveMetrics"/> were measured with, and merge by.</summary>
/// <param name="Steps">Points of each curve.</param>
/// <param name="Map">The map whose order the pixels follow.</param>
/// <param name="Attack">The attack behind adversarial insertion; null for none.</param>
/// <param name="FollowsLabel">Whether the probability is that of the label; else that of the predicted class.</param>
internal sealed record MeasuredCurves(int Steps, SaliencyMap Map, IAttributionAttack? Attack, bool FollowsLabel)
{
    internal InsertionCurve Insertion => new() { Steps = Steps };

    internal DeletionCurve Deletion => new() { Steps = Steps };
}
