using RobustAttribution.Attacks;
using RobustAttribution.Attributions;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every attack, with options for images of 8×8 pixels and few steps.</summary>
internal static class AttackTable
{
    public static IReadOnlyList<AttackStep> Steps { get; } = [new SteepestStep(0.02), new AdamStep()];

    public static IReadOnlyList<TargetMap> Targets { get; } =
        [new FrameTarget(), new NextImageTarget(), new GivenTarget(8, 8, [.. Enumerable.Range(0, 64).Select(i => (double)(i % 5))])];

    public static IReadOnlyList<IAttributionAttack> Rows { get; } =
    [
        new RandomNoise(),
        new ProjectedGradientDescent { Steps = 4 },
        new ProjectedGradientDescent { Steps = 4, Step = new AdamStep(), Restarts = 2, StopAtMisclassification = true },
        new AlignmentAttack(),
        new CenterOfMassAttack { Steps = 4 },
        new CenterOfMassAttack { Steps = 4, Reduction = new MapReduction(MapSign.Positive, MapScale.Max), Restarts = 2, Step = new AdamStep() },
        new TopKAttack { K = 10, Steps = 4 },
        new TopKAttack { K = 3, Steps = 4, RandomStart = true, Restarts = 3, Step = new SteepestStep() },
        new TopKAttack { K = 10, Steps = 4, KeepPrediction = false, ThreatModel = new L2Ball(), Step = new SteepestStep() },
        new RankPairsAttack { K = 10, Border = 4, Steps = 4 },
        new RankPairsAttack { K = 3, Border = 70, Steps = 4, ThreatModel = new L2Ball(), Step = new SteepestStep() },
        new MapDistanceAttack { Steps = 8 },
        new MapDistanceAttack { Distance = MapDistance.MeanSquaredError, Steps = 8, Reduction = new MapReduction(MapSign.Absolute, MapScale.Max) },
        .. Targets.Select(target => new TargetMapAttack { Steps = 4, Target = target, Gamma = 0.7 }),
    ];
}
