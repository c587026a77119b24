using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>Loss, terms and parameter gradients of every objective against PyTorch (GoldenValues/Methods/generator/objectives.py).</summary>
[TestClass]
public sealed class ObjectiveParityTests
{
    private static readonly Dictionary<string, ITrainingObjective> Objectives = new()
    {
        ["CrossEntropy"] = new CrossEntropy(),
        ["AdversarialCrossEntropy"] = new AdversarialCrossEntropy(),
        ["HessianNormPenalty"] = new HessianNormPenalty(),
        ["LocalGradientAlignment"] = new LocalGradientAlignment(),
        ["LocalGradientAlignment.Gaussian"] = new LocalGradientAlignment { Perturbation = new GaussianPerturbation() },
        ["LocalGradientAlignment.Gradient"] = new LocalGradientAlignment { Perturbation = new GradientPerturbation() },
        ["LocalGradientAlignment.GradientSign"] = new LocalGradientAlignment { Perturbation = new GradientSignPerturbation() },
        ["LocalGradientAlignment.Attached"] = new LocalGradientAlignment { AttachSourceGradient = true },
        ["SpatialAlignment"] = new SpatialAlignment(),
    };

    public static IEnumerable<object[]> Rows => GoldenCase.Rows(Objectives.Keys);

    [TestMethod]
    public void EveryObjectiveHasGoldenValues()
        => CollectionAssert.IsSubsetOf(ComponentJson.TypesOf(typeof(ITrainingObjective))
            .Where(type => type.Assembly == typeof(ITrainingObjective).Assembly).Select(type => type.Name).ToArray(), Objectives.Keys);

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsPyTorchs(string name, string network, string activation, ScalarType type)
    {
        using IDisposable scope = NewDisposeScope();
        using var golden = new GoldenCase(network, activation, type);
        using var generator = new Generator(GoldenNetwork.Seed, CPU);
        golden.Network.Backbone.train();

        using ObjectiveResult result = Objectives[name].Evaluate(
            golden.Network, GoldenNetwork.Images(golden.Network), GoldenNetwork.TrueClasses(), generator);

        golden.Check($"objective/{name}/loss", result.Loss);
        foreach (LossTerm term in result.Terms)
        {
            golden.Check($"objective/{name}/term/{term.Name}", term.Value);
        }

        (string Name, Tensor Value)[] parameters =
            [.. golden.Network.Backbone.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))];
        IList<Tensor> gradients = autograd.grad([result.Loss], [.. parameters.Select(parameter => parameter.Value)], null, false, false, false);
        for (int i = 0; i < parameters.Length; i++)
        {
            Tensor flat = gradients[i].to(ScalarType.Float64).flatten();
            Tensor digest = stack([flat.sum(), flat.pow(2).sum().sqrt(),
                (flat * GoldenNetwork.Uniform("probe:" + parameters[i].Name, flat.shape, -1, 1)).sum()]);
            golden.Check($"objective/{name}/gradient/{parameters[i].Name}", digest);
        }

        Assert.AreEqual(1 + result.Terms.Count + parameters.Length, golden.Keys($"objective/{name}/").Count());
    }
}
