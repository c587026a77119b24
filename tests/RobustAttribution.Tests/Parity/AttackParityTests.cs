using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Similarities;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>A whole walk of every attack against PyTorch (GoldenValues/Methods/generator/attacks.py): images, validity and gain.</summary>
/// <remarks>
/// Few steps where a ReLU network is walked on through a sharp surrogate: in float32 such a walk doubles its rounding errors with each step.
/// </remarks>
[TestClass]
[TestCategory("Gpu")]
public sealed class AttackParityTests
{
    internal static readonly IntegratedGradientNormAttack Norm = new() { Steps = 3, Points = 3 };
    internal static readonly CorrelationAttack Correlation
        = new() { Steps = 3, Attribution = new IntegratedGradients { Steps = 3, Quadrature = PathQuadrature.Midpoint } };

    internal static readonly DivergenceAttack Divergence = new() { Steps = 3 };

    private static readonly Dictionary<string, IAttributionAttack> Attacks = new()
    {
        ["TopKAttack"] = new TopKAttack { K = 20, Steps = 4, RandomStart = false },
        ["TopKAttack.L2"] = new TopKAttack { K = 20, Steps = 4, RandomStart = false, ThreatModel = new L2Ball(0.5), Step = new SteepestStep(0.05) },
        ["TargetMapAttack"] = new TargetMapAttack { Steps = 4, RandomStart = false },
        ["CenterOfMassAttack"] = new CenterOfMassAttack { Steps = 10 },
        ["RankPairsAttack"] = new RankPairsAttack { K = 20, Border = 8, Steps = 4 },
        ["MapDistanceAttack"] = new MapDistanceAttack { Steps = 4 },
        ["MapDistanceAttack.Squared"] = new MapDistanceAttack { Distance = MapDistance.MeanSquaredError, Steps = 4 },
        ["AlignmentAttack"] = new AlignmentAttack(),
        ["ProjectedGradientDescent"] = new ProjectedGradientDescent(),
        ["SquareAttack"] = new SquareAttack { Judge = new CosineSimilarity(), Queries = 12 },
        ["RandomNoise"] = new RandomNoise(),
        ["IntegratedGradientNormAttack"] = Norm,
        ["CorrelationAttack"] = Correlation,
        ["DivergenceAttack"] = Divergence,
    };

    public static IEnumerable<object[]> Rows => GoldenCase.Rows(Attacks.Keys);

    [TestMethod]
    public void EveryAttackHasGoldenValues()
        => CollectionAssert.IsSubsetOf(
            ComponentJson.TypesOf(typeof(IAttributionAttack)).Where(type => type.Assembly == typeof(IAttributionAttack).Assembly)
                .Where(type => type != typeof(WorstCaseAttack)) // the worst of attacks that have theirs; WorstCaseTests.NoPartIsStronger
                .Select(type => type.Name).ToArray(),
            Attacks.Keys);

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsPyTorchs(string name, string network, string activation, ScalarType type)
    {
        using var golden = new GoldenCase(network, activation, type);
        golden.Check($"attack/{name}", (built, images) => ValuesOf(name, built, images));
    }

    private static IEnumerable<(string Key, Tensor Value)> ValuesOf(string name, ImageNetwork network, Tensor images)
    {
        using var generator = new Generator(GoldenNetwork.Seed, CPU);
        network.Backbone.eval();
        using AttackResult result = Attacks[name].Perturb(network, images, network.Logits(images).argmax(1), generator);
        yield return ($"attack/{name}/valid", result.Valid);
        yield return ($"attack/{name}/images", result.Images);
        yield return ($"attack/{name}/gain", result.Gain);
    }
}
