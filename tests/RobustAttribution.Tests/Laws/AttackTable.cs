using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Similarities;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every attack, with options for images of 8×8 pixels and few steps.</summary>
internal static class AttackTable
{
    public static IReadOnlyList<AttackStep> Steps { get; } = [new SteepestStep(0.02), new AdamStep(), new AdaptiveStep()];

    public static IReadOnlyList<TargetMap> Targets { get; } =
        [new FrameTarget(), new NextImageTarget(), new GivenTarget(8, 8, [.. Enumerable.Range(0, 64).Select(i => (double)(i % 5))])];

    /// <summary>The ensemble at its smallest.</summary>
    public static WorstCaseAttack Worst { get; } = new() { Judge = new TopKIntersection(10), Steps = 3, Restarts = 3, Queries = 4, NoiseDraws = 2 };

    public static IReadOnlyList<IAttributionAttack> Rows { get; } =
    [
        new RandomNoise(),
        new ProjectedGradientDescent { Steps = 4 },
        new ProjectedGradientDescent { Steps = 4, Step = new AdamStep(), Restarts = 2, StopAtMisclassification = true },
        new AlignmentAttack(),
        new IntegratedGradientNormAttack { Steps = 3, Points = 2 },
        new IntegratedGradientNormAttack { Steps = 3, Points = 2, CrossEntropyShare = 0.9, Quadrature = PathQuadrature.Right },
        new CorrelationAttack { Steps = 3 },
        new CorrelationAttack { Steps = 3, Attribution = new InputGradient(), Reduction = new MapReduction(), CrossEntropyShare = 0.5 },
        new DivergenceAttack { Steps = 3 },
        new CenterOfMassAttack { Steps = 4 },
        new CenterOfMassAttack { Steps = 4, Reduction = new MapReduction(MapSign.Positive, MapScale.Max), Restarts = 2, Step = new AdamStep() },
        new TopKAttack { K = 10, Steps = 4 },
        new TopKAttack { K = 3, Steps = 4, RandomStart = true, Restarts = 3, Step = new SteepestStep() },
        new TopKAttack { K = 10, Steps = 4, KeepPrediction = false, ThreatModel = new L2Ball(), Step = new SteepestStep() },
        new TopKAttack { K = 10, Steps = 12, Step = new AdaptiveStep() },
        new RankPairsAttack { K = 10, Border = 4, Steps = 4 },
        new RankPairsAttack { K = 3, Border = 70, Steps = 4, ThreatModel = new L2Ball(), Step = new SteepestStep() },
        new MapDistanceAttack { Steps = 8 },
        new MapDistanceAttack { Distance = MapDistance.MeanSquaredError, Steps = 8, Reduction = new MapReduction(MapSign.Absolute, MapScale.Max) },
        new SquareAttack { Judge = new TopKIntersection(10), Queries = 12 },
        new SquareAttack { Judge = new CosineSimilarity(), Queries = 6, Share = 0.3, ThreatModel = new L2Ball() },
        Worst,
        Worst with { Judge = new KendallTau(), EnoughSimilarity = 0.8, ThreatModel = new L2Ball() },
        .. Targets.Select(target => new TargetMapAttack { Steps = 4, Target = target, Gamma = 0.7 }),
    ];
}
