using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Parity;

/// <summary>Loss, terms and parameter gradients of every objective against PyTorch (GoldenValues/Methods/generator/objectives.py).</summary>
[TestClass]
[TestCategory("Gpu")]
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
        ["IntegratedGradientNorm"] = new IntegratedGradientNorm { Attack = AttackParityTests.Norm, Points = 4 },
        ["IntegratedGradientNorm.Sum"] = new IntegratedGradientNorm
        {
            Attack = AttackParityTests.Norm, Points = 4, Sum = true, Weight = 0.5,
        },
        ["AdversarialAttributionTraining"] = new AdversarialAttributionTraining { Attack = AttackParityTests.Correlation },
        ["IntegratedGradientRegularization"] = new IntegratedGradientRegularization
        {
            Attack = new ProjectedGradientDescent { Steps = 3 },
            Attribution = new IntegratedGradients { Steps = 3, Quadrature = PathQuadrature.Midpoint },
        },
        ["RankThickness"] = new RankThickness { K = 20, GapWeight = 0.3, HessianWeight = 0.2 },
        ["RankThickness.Pairs"] = new RankThickness { K = 20, Pairs = 5, GapWeight = 0.3, HessianWeight = 0 },
        ["Trades"] = new Trades { Attack = AttackParityTests.Divergence },
        ["InputGradientPenalty"] = new InputGradientPenalty(),
    };

    public static IEnumerable<object[]> Rows => GoldenCase.Rows(Objectives.Keys);

    [TestMethod]
    public void EveryObjectiveHasGoldenValues()
        => CollectionAssert.IsSubsetOf(
            ComponentJson.TypesOf(typeof(ITrainingObjective)).Where(type => type.Assembly == typeof(ITrainingObjective).Assembly)
                .Select(type => type.Name).ToArray(),
            Objectives.Keys);

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void IsPyTorchs(string name, string network, string activation, ScalarType type)
    {
        using var golden = new GoldenCase(network, activation, type);
        golden.Check($"objective/{name}", (built, images) => ValuesOf(name, built, images));
    }

    private static IEnumerable<(string Key, Tensor Value)> ValuesOf(string name, ImageNetwork network, Tensor images)
    {
        using var generator = new Generator(GoldenNetwork.Seed, CPU);
        network.Backbone.train();
        using ObjectiveResult result = Objectives[name].Evaluate(network, images, GoldenNetwork.TrueClasses(), generator);
        yield return ($"objective/{name}/loss", result.Loss);
        foreach (LossTerm term in result.Terms)
        {
            yield return ($"objective/{name}/term/{term.Name}", term.Value);
        }

        (string Name, Tensor Value)[] parameters = [.. network.Backbone.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))];
        IList<Tensor> gradients = autograd.grad([result.Loss], [.. parameters.Select(parameter => parameter.Value)], null, false, false, false);
        for (int i = 0; i < parameters.Length; i++)
        {
            Tensor flat = gradients[i].to(ScalarType.Float64).flatten();
            Tensor probe = GoldenNetwork.Uniform("probe:" + parameters[i].Name, flat.shape, -1, 1).to(flat.device);
            yield return ($"objective/{name}/gradient/{parameters[i].Name}", stack([flat.sum(), flat.pow(2).sum().sqrt(), (flat * probe).sum()]));
        }
    }
}
