using RobustAttribution.Attributions;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>Every attribution against PyTorch (GoldenValues/Methods/generator/attributions.py).</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class AttributionParityTests
{
    private static readonly Dictionary<string, IAttributionMethod> Attributions = new()
    {
        ["InputGradient"] = new InputGradient(),
        ["GradientTimesInput"] = new GradientTimesInput(),
        ["IntegratedGradients"] = new IntegratedGradients { Steps = 8 },
        ["SmoothGrad"] = new SmoothGrad { Samples = 6 },
        ["SquaredSmoothGrad"] = new SquaredSmoothGrad { Samples = 6 },
        ["VarianceGrad"] = new VarianceGrad { Samples = 6 },
        ["GuidedBackpropagation"] = new GuidedBackpropagation(),
        ["Deconvolution"] = new Deconvolution(),
        ["GradCam"] = new GradCam(),
        ["ClassActivationMap"] = new ClassActivationMap(),
        ["LayerwiseRelevance.Epsilon"] = new LayerwiseRelevance { Composite = RelevanceComposite.Epsilon },
        ["LayerwiseRelevance.EpsilonPlus"] = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus },
        ["LayerwiseRelevance.EpsilonGammaBox"] = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonGammaBox },
        ["LayerwiseRelevance.EpsilonPlusBox"] = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlusBox },
        ["LayerwiseRelevance.EpsilonAlpha2Beta1"] = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonAlpha2Beta1 },
    };

    public static IEnumerable<object[]> Rows
        => GoldenCase.Rows(Attributions.Keys).Where(row => (row[0], row[1]) is not ("ClassActivationMap", "lenet")); // no global average there

    private static readonly string[] Controls = [nameof(ConstantMap), nameof(EdgeMap), nameof(RandomMap)]; // they ask no network

    [TestMethod]
    public void EveryAttributionHasGoldenValues()
        => CollectionAssert.IsSubsetOf(
            ComponentJson.TypesOf(typeof(IAttributionMethod)).Where(type => type.Assembly == typeof(IAttributionMethod).Assembly)
                .Select(type => type.Name).Except(Controls).ToArray(),
            Attributions.Keys.Select(name => name.Split('.')[0]).Distinct().ToArray());

    public static IEnumerable<object[]> Networks => GoldenCase.Rows(["logits"]).Select(row => row[1..]);

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void LogitsArePyTorchs(string network, string activation, ScalarType type)
    {
        using var golden = new GoldenCase(network, activation, type);
        golden.Check("logits", (built, images) =>
        {
            built.Backbone.eval();
            return [("logits", built.Logits(images))];
        });
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsPyTorchs(string name, string network, string activation, ScalarType type)
    {
        using var golden = new GoldenCase(network, activation, type);
        golden.Check($"attribution/{name}", (built, images) =>
        {
            built.Backbone.eval();
            return [($"attribution/{name}", Attributions[name].Attribute(built, images, built.Logits(images).argmax(1)))];
        });
    }
}
