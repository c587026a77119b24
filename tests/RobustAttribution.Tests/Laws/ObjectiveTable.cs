using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Objectives;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every objective, the names of its terms, and the same objective with its weights and budgets at 0.</summary>
internal static class ObjectiveTable
{
    private static readonly ProjectedGradientDescent NoAttack = new() { ThreatModel = new LinfBall(0) };
    private static readonly AlignmentAttack NoAlignmentAttack = new() { ThreatModel = new LinfBall(0) };

    public static IReadOnlyList<LocalPerturbation> Perturbations { get; } =
        [new UniformPerturbation(), new GaussianPerturbation(), new GradientPerturbation(), new GradientSignPerturbation()];

    public static IReadOnlyList<(ITrainingObjective Objective, string[] Terms, ITrainingObjective Weightless)> Rows { get; } =
    [
        (new CrossEntropy(), ["cross-entropy"], new CrossEntropy()),
        (new AdversarialCrossEntropy(), ["cross-entropy"], new AdversarialCrossEntropy { Attack = NoAttack }),
        (new HessianNormPenalty { Weight = 0.3 }, ["cross-entropy", "hessian"], new HessianNormPenalty { Weight = 0 }),
        .. Perturbations.SelectMany(perturbation => new[] { false, true }, (perturbation, attached) =>
        {
            var objective = new LocalGradientAlignment { Perturbation = perturbation, AttachSourceGradient = attached, L2Weight = 0.4 };
            return ((ITrainingObjective)objective, new[] { "cross-entropy", "l2", "cosine" },
                (ITrainingObjective)(objective with { L2Weight = 0, CosineWeight = 0 }));
        }),
        (new LocalGradientAlignment { L2Weight = 0 }, ["cross-entropy", "cosine"], new LocalGradientAlignment { L2Weight = 0, CosineWeight = 0 }),
        (new LocalGradientAlignment { CosineWeight = 0 }, ["cross-entropy", "l2"], new LocalGradientAlignment { L2Weight = 0, CosineWeight = 0 }),
        (new SpatialAlignment(), ["cross-entropy", "triplet"], new SpatialAlignment { Weight = 0, Attack = NoAlignmentAttack }),
        (new SpatialAlignment { Attack = new AlignmentAttack { ChannelMean = true, TopShare = 0.5 } }, ["cross-entropy", "triplet"],
            new SpatialAlignment { Weight = 0, Attack = NoAlignmentAttack }),
        (new IntegratedGradientNorm(), ["cross-entropy", "norm"], new IntegratedGradientNorm { Weight = 0 }),
        (new IntegratedGradientNorm { Sum = true, Weight = 0.1, Quadrature = PathQuadrature.Right }, ["cross-entropy", "norm"],
            new IntegratedGradientNorm { Sum = true, Weight = 0, Attack = new IntegratedGradientNormAttack { ThreatModel = new LinfBall(0) } }),
        (new AdversarialAttributionTraining(), ["cross-entropy", "correlation"],
            new AdversarialAttributionTraining { Weight = 0, Attack = new CorrelationAttack { ThreatModel = new LinfBall(0) } }),
        (new IntegratedGradientRegularization { Attack = new ProjectedGradientDescent { Steps = 2 } }, ["cross-entropy", "cosine"],
            new IntegratedGradientRegularization { Weight = 0, Attack = NoAttack }),
        (new RankThickness(), ["cross-entropy", "gap", "hessian"], new RankThickness { GapWeight = 0, HessianWeight = 0 }),
        (new RankThickness { K = 10, Pairs = 3, HessianWeight = 0, Reduction = new MapReduction(Scale: MapScale.Sum) }, ["cross-entropy", "gap"],
            new RankThickness { GapWeight = 0, HessianWeight = 0 }),
        (new RankThickness { GapWeight = 0 }, ["cross-entropy", "hessian"], new RankThickness { GapWeight = 0, HessianWeight = 0 }),
        (new Trades(), ["cross-entropy", "divergence"], new Trades { Weight = 0 }),
        (new InputGradientPenalty(), ["cross-entropy", "gradient"], new InputGradientPenalty { Weight = 0 }),
    ];
}
