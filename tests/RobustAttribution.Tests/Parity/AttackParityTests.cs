using RobustAttribution.Attacks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>A whole walk of every attack against PyTorch (GoldenValues/Methods/generator/attacks.py): images, validity and gain.</summary>
/// <remarks>
/// Few steps where a ReLU network is walked on through a sharp surrogate: in float32 such a walk doubles its rounding errors with each step.
/// </remarks>
[TestClass]
public sealed class AttackParityTests
{
    private static readonly Dictionary<string, IAttributionAttack> Attacks = new()
    {
        ["TopKAttack"] = new TopKAttack { K = 20, Steps = 4 },
        ["TopKAttack.L2"] = new TopKAttack { K = 20, Steps = 4, ThreatModel = new L2Ball(0.5), Step = new SteepestStep(0.05) },
        ["TargetMapAttack"] = new TargetMapAttack { Steps = 4 },
        ["CenterOfMassAttack"] = new CenterOfMassAttack { Steps = 10 },
        ["AlignmentAttack"] = new AlignmentAttack(),
        ["ProjectedGradientDescent"] = new ProjectedGradientDescent(),
        ["RandomNoise"] = new RandomNoise(),
    };

    public static IEnumerable<object[]> Rows => GoldenCase.Rows(Attacks.Keys);

    [TestMethod]
    public void EveryAttackHasGoldenValues()
        => CollectionAssert.IsSubsetOf(ComponentJson.TypesOf(typeof(IAttributionAttack))
            .Where(type => type.Assembly == typeof(IAttributionAttack).Assembly).Select(type => type.Name).ToArray(), Attacks.Keys);

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsPyTorchs(string name, string network, string activation, ScalarType type)
    {
        using IDisposable scope = NewDisposeScope();
        using var golden = new GoldenCase(network, activation, type);
        using var generator = new Generator(GoldenNetwork.Seed, CPU);
        golden.Network.Backbone.eval();
        Tensor images = GoldenNetwork.Images(golden.Network);
        Tensor logits = golden.Network.Logits(images);
        golden.Check("logits", logits);

        using AttackResult result = Attacks[name].Perturb(golden.Network, images, logits.argmax(1), generator);

        golden.Check($"attack/{name}/valid", result.Valid);
        golden.Check($"attack/{name}/images", result.Images);
        golden.Check($"attack/{name}/gain", result.Gain);
    }
}
