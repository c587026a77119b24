using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Similarities;

namespace RobustAttribution.Metrics;

/// <summary>One way to measure how robust explanations are, ready to be used: the attack, the map, the measures, and which images count.</summary>
/// <param name="Name">Short, e.g. "ART".</param>
/// <param name="Source">Where it was published.</param>
/// <remarks>Figures of different protocols cannot be compared: they attack other maps with other budgets.</remarks>
public sealed record EvaluationProtocol(string Name, string Source)
{
    /// <summary>
    /// The protocol of RAR (Chen et al. 2019) on Fashion-MNIST: top-k attack, k = 100, on integrated gradients of 100 points; ε = 0.1, 100 steps of
    /// 0.01,
    /// 3 random starts, of all iterates that keep the prediction the one with the lowest Kendall τ; correctly classified images.
    /// </summary>
    public static EvaluationProtocol Rar { get; } = new("RAR", "Chen, Wu, Rastogi, Liang, Jha: Robust Attribution Regularization, NeurIPS 2019")
    {
        Attack = TopKOnIntegratedGradients(new LinfBall(0.1), steps: 100, size: 0.01, restarts: 3),
        Map = Integrated,
        CorrectlyClassifiedOnly = true,
    };

    /// <summary>
    /// The protocol of ART (Singh et al. 2020): top-k attack, k = 100, on integrated gradients of 100 points; ε = 8/255, 50 steps of 1/255, one
    /// random
    /// start, of all iterates that keep the prediction the one with the lowest Kendall τ; correctly classified images.
    /// </summary>
    public static EvaluationProtocol Art { get; } = new(
        "ART", "Singh et al.: Attributional Robustness Training using Input-Gradient Spatial Alignment, ECCV 2020")
    {
        Attack = TopKOnIntegratedGradients(new LinfBall(8.0 / 255), steps: 50, size: 1.0 / 255, restarts: 1),
        Map = Integrated,
        CorrectlyClassifiedOnly = true,
    };

    /// <summary>
    /// The attack of AGA's evaluation (Joo et al. 2023): the input gradient moved towards a frame, ε = 4/255, 100 steps of Adam from the image, γ =
    /// 0.5;
    /// maps divided by their maximum. Its random perturbations are <see cref="RobustnessMeasurement.RandomPerturbation"/>.
    /// </summary>
    public static EvaluationProtocol Aga { get; } = new(
        "AGA", "Joo, Chang, Moon: Towards More Robust Interpretation via Local Gradient Alignment, AAAI 2023")
    {
        Attack = new TargetMapAttack { RandomStart = false },
        Map = new SaliencyMap(reduction: new MapReduction(MapSign.Absolute, MapScale.Max)),
        Similarities = [new MeanSquaredError(), new PearsonCorrelation(), new StructuralSimilarity(7, 1.5), new CosineSimilarity()],
    };

    /// <summary>The attack.</summary>
    public IAttributionAttack Attack { get; init => field = Require.NotNull(value); } = new TopKAttack();

    /// <summary>The map whose change is measured. Magnitudes of the input gradient summed over the channels by default.</summary>
    public SaliencyMap Map { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The measures. Top-100 intersection and Kendall τ by default.</summary>
    public IReadOnlyList<IMapSimilarity> Similarities
    {
        get;
        init => field = [.. Require.NotNull(value)];
    }
    = [new TopKIntersection(), new KendallTau()];

    /// <summary>Whether only images count whose label is predicted before the attack. False by default.</summary>
    public bool CorrectlyClassifiedOnly { get; init; }

    /// <summary>What is measured; rows of images that do not count are among its rows.</summary>
    public RobustnessMeasurement Measurement => new() { Attacks = [Attack], Map = Map, Similarities = Similarities };

    /// <summary>Whether a row counts; where it has no valid attacked image its similarities are NaN.</summary>
    /// <param name="row">A row of <see cref="Measurement"/>.</param>
    public bool Counts(RobustnessRow row) => !CorrectlyClassifiedOnly || Require.NotNull(row, nameof(row)).IsCorrect;

    private static SaliencyMap Integrated => new(new IntegratedGradients { Steps = 100 }, new MapReduction(MapSign.Absolute, MapScale.Sum));

    private static TopKAttack TopKOnIntegratedGradients(LinfBall ball, int steps, double size, int restarts) => new()
    {
        ThreatModel = ball,
        Steps = steps,
        Step = new SteepestStep(size),
        K = 100,
        RandomStart = true,
        Restarts = restarts,
        Attribution = new IntegratedGradients { Steps = 100 },
        Reduction = new MapReduction(MapSign.Absolute, MapScale.Sum),
        Judge = new KendallTau(),
    };
}
