using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;

namespace RobustAttribution.Benchmarks;

/// <summary>A training method with one choice of its weights.</summary>
/// <param name="Name">The method's usual name.</param>
/// <param name="Weights">"published", "reduced" where those take hours, or "chosen" on validation images among <see cref="Candidates"/>.</param>
/// <param name="Objective">What is minimised; null where it is chosen before the first training.</param>
internal sealed record Method(string Name, string Weights, ITrainingObjective? Objective)
{
    /// <summary>What the weights are chosen from, see <see cref="Choice"/>.</summary>
    public IReadOnlyList<ITrainingObjective> Candidates { get; init; } = [];

    public static IReadOnlyList<Method> All { get; } =
    [
        new("plain", "published", new CrossEntropy()),
        new("pgd", "published", new AdversarialCrossEntropy()),
        new("hessian", "published", new HessianNormPenalty()),
        new("aga", "published", new LocalGradientAlignment()),
        new("art", "published", new SpatialAlignment()),
        new("ig-norm", "reduced", IgNorm),
        new("ig-sum-norm", "reduced", IgNorm with { Sum = true, Weight = 0.1 }),
        new("advaat", "reduced", AdvAat(1)),
        new("igr", "reduced", new IntegratedGradientRegularization { Attribution = FewPoints }),
        new("trades", "published", new Trades()),
        new("r2et", "published", new RankThickness()),
        new("input-gradient", "published", new InputGradientPenalty()),
        new("advaat", "chosen", AdvAat(15)) { Candidates = [AdvAat(10), AdvAat(15), AdvAat(30)] },
        new("input-gradient", "chosen", null) { Candidates = Weighted([3, 10, 30], weight => new InputGradientPenalty { Weight = weight }) },
        new("hessian", "chosen", null) { Candidates = Weighted([1e-2, 1e-1], weight => new HessianNormPenalty { Weight = weight }) },
        new("r2et", "chosen", null) { Candidates = Weighted([0.1, 1], weight => new RankThickness { HessianWeight = weight }) },
        new("pgd", "chosen", null) { Candidates = Weighted([12, 16], Pgd) },
        new("trades", "chosen", null) { Candidates = Weighted([12, 16], Trades) },
        new("art", "chosen", null) { Candidates = Weighted([0.1, 2], weight => new SpatialAlignment { Weight = weight }) },
        new("igr", "chosen", null) { Candidates = Weighted([10, 100], weight => new IntegratedGradientRegularization { Weight = weight, Attribution = FewPoints }) },
        new("ig-norm", "chosen", null) { Candidates = Weighted([0.3, 3], weight => IgNorm with { Weight = weight }) },
        new("ig-sum-norm", "chosen", null) { Candidates = Weighted([0.3, 1], weight => IgNorm with { Sum = true, Weight = weight }) },
        new("aga", "larger-epsilon", Aga(24, 300)), // whose maps are alike whatever the image shows
        new("aga", "chosen", Aga(16, 300)) { Candidates = [Aga(8, 300), Aga(8, 1000), Aga(16, 300), Aga(16, 1000), Aga(24, 300), Aga(32, 100), Aga(32, 300)] },
    ];

    private static ITrainingObjective[] Weighted(double[] weights, Func<double, ITrainingObjective> objective) => Array.ConvertAll(weights, weight => objective(weight));

    // Published for Fashion-MNIST: ε 0.1, 20 steps of 0.01 on 10 points, 50 points in the loss, which takes hours here.
    private static IntegratedGradientNorm IgNorm
        => new() { Points = 2, Attack = new() { ThreatModel = new LinfBall(8.0 / 255), Steps = 3, Step = new SteepestStep(5.0 / 255), Points = 2 } };

    // The paper leaves the map open: the one that is measured.
    private static AdversarialAttributionTraining AdvAat(double weight)
        => new() { Weight = weight, Attack = new() { Steps = 3, Step = new SteepestStep(4.0 / 255), Attribution = new InputGradient() } };

    private static IntegratedGradients FewPoints => new() { Steps = 2, Quadrature = PathQuadrature.Midpoint };

    private static AdversarialCrossEntropy Pgd(double levels)
        => new() { Attack = new() { ThreatModel = new LinfBall(levels / 255), Step = new SteepestStep(levels / 4 / 255) } };

    private static Trades Trades(double levels)
        => new() { Attack = new() { ThreatModel = new LinfBall(levels / 255), Step = new SteepestStep(levels / 4 / 255) } };

    private static LocalGradientAlignment Aga(double levels, double cosineWeight) => new() { Epsilon = levels / 255, L2Weight = 0, CosineWeight = cosineWeight };
}

/// <summary>The network on which methods are compared.</summary>
/// <param name="Name">Part of the models' names.</param>
/// <param name="Architecture">16-16-32-32 convolutions and a hidden layer of 128.</param>
/// <param name="Activation">Null for the one that the method's paper trains with, ReLU where it does not say.</param>
internal sealed record TestedNetwork(string Name, NetworkArchitecture Architecture, Activation? Activation)
{
    public static IReadOnlyList<TestedNetwork> All { get; } =
    [
        new("paper", new SmallConvNetArchitecture { Pooling = Pooling.Max }, null),
        new("smooth", new SmallConvNetArchitecture { Pooling = Pooling.Average }, Activation.Softplus(3)),
    ];

    public Activation ActivationFor(ITrainingObjective objective) => Activation ?? objective.RecommendedActivation ?? Networks.Activation.Relu;
}
