using RobustAttribution.Attributions;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>Every attribution against PyTorch (GoldenValues/Methods/generator/attributions.py).</summary>
[TestClass]
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
        ["LayerwiseRelevance.Epsilon"] = new LayerwiseRelevance { Composite = KnownRelevanceComposites.Epsilon },
        ["LayerwiseRelevance.EpsilonPlus"] = new LayerwiseRelevance { Composite = KnownRelevanceComposites.EpsilonPlus },
        ["LayerwiseRelevance.EpsilonGammaBox"] = new LayerwiseRelevance { Composite = KnownRelevanceComposites.EpsilonGammaBox },
        ["LayerwiseRelevance.EpsilonPlusBox"] = new LayerwiseRelevance { Composite = KnownRelevanceComposites.EpsilonPlusBox },
        ["LayerwiseRelevance.EpsilonAlpha2Beta1"] = new LayerwiseRelevance { Composite = KnownRelevanceComposites.EpsilonAlpha2Beta1 },
    };

    // No global average there
    public static IEnumerable<object[]> Rows
        => GoldenCase.Rows(Attributions.Keys).Where(row => (row[0], row[1]) is not ("ClassActivationMap", "lenet"));

    [TestMethod]
    public void EveryAttributionHasGoldenValues()
        => CollectionAssert.IsSubsetOf(
            ComponentJson.TypesOf(typeof(IAttributionMethod)).Where(type => type.Assembly == typeof(IAttributionMethod).Assembly)
                .Select(type => type.Name)
                .ToArray(),
            Attributions.Keys.Select(name => name.Split('.')[0]).Distinct().ToArray());

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsPyTorchs(string name, string network, string activation, ScalarType type)
    {
        using IDisposable scope = NewDisposeScope();
        using var golden = new GoldenCase(network, activation, type);
        golden.Network.Backbone.eval();
        Tensor images = GoldenNetwork.Images(golden.Network);
        Tensor classes = golden.Network.Logits(images).argmax(1);

        Tensor found = Attributions[name].Attribute(golden.Network, images, classes);

        // LRP-ε alone divides by sums of either sign that nearly cancel: in float32 their rounding shows.
        golden.Check($"attribution/{name}", found, float32Tolerance: name == "LayerwiseRelevance.Epsilon" ? 1e-3 : 1e-4);
    }
}
