using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.Benchmarks;

/// <summary>A protocol as the board runs it.</summary>
/// <param name="Key">In cards and on the command line.</param>
/// <param name="Protocol">What is measured.</param>
/// <param name="Images">The first test images, the same for every model.</param>
/// <param name="Batch">Images attacked at once.</param>
internal sealed record BoardProtocol(string Key, EvaluationProtocol Protocol, int Images, int Batch = 50)
{
    /// <summary>Whether maps without any knowledge of the network are measured under the same attacked images.</summary>
    public bool WithControls { get; init; }

    /// <summary>The worst case of many attacks, in place of the protocol's attack.</summary>
    public WorstCaseEvaluation? Ensemble { get; init; }

    public static IReadOnlyList<BoardProtocol> All { get; } =
    [
        new("top-k", new("top-k attack", "Ghorbani, Abid, Zou: Interpretation of Neural Networks Is Fragile, AAAI 2019")
        {
            Attack = new TopKAttack { RandomStart = false },
        }, 200) { WithControls = true },
        new("kinks", new("noise of 1e-7", "kinks and ties of max-pooling")
        {
            Attack = new RandomNoise { ThreatModel = new LinfBall(1e-7) },
        }, 200),
        new("noise", new("uniform noise, ε 8/255", "what every attack must be stronger than") { Attack = new RandomNoise() }, 200),
        new("aga", EvaluationProtocol.Aga, 200),
        WorstCase("worst-case", new LinfBall(8.0 / 255)),
        WorstCase("worst-case-l2", new L2Ball(0.5)),
        new("art", EvaluationProtocol.Art, 16, 16),
        new("rar", EvaluationProtocol.Rar, 8, 8),
    ];

    private static BoardProtocol WorstCase(string key, IThreatModel ball)
    {
        var evaluation = new WorstCaseEvaluation { Attack = new WorstCaseAttack { ThreatModel = ball } };
        return new(
            key,
            new("worst case", "ours, after Croce and Hein: Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks, ICML 2020")
            {
                Attack = evaluation.Attack,
            },
            100,
            100)
        {
            Ensemble = evaluation,
        };
    }
}
