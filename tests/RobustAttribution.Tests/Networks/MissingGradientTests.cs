using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>"There is no gradient" is an error, or counted; never a map of zeros.</summary>
[TestClass]
public class MissingGradientTests
{
    [TestMethod]
    public void LogitsThatDoNotDependOnTheImageAreAnErrorOfEveryMethod()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(new Cut(), new InputSpecification(1, 8, 8), 3);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        foreach (IAttributionMethod method in new IAttributionMethod[]
        {
            new InputGradient(), new GradientTimesInput(), new IntegratedGradients { Steps = 3 }, new GradCam { Layer = "conv" }, new GuidedBackpropagation(),
            new LayerwiseRelevance(),
        })
        {
            foreach (bool createGraph in new[] { false, true })
            {
                string message = Assert.ThrowsExactly<InvalidOperationException>(() => method.Attribute(network, images, classes, createGraph)).Message;
                StringAssert.Contains(message, method.GetType().Name);
                StringAssert.Contains(message, "network Cut do not depend on the image");
            }
        }

        using var generator = new Generator(1, CPU);
        foreach (ITrainingObjective objective in new ITrainingObjective[]
        {
            new LocalGradientAlignment(), new HessianNormPenalty(), new SpatialAlignment(), new RankThickness(), new InputGradientPenalty(),
            new IntegratedGradientNorm(), new AdversarialAttributionTraining(), new IntegratedGradientRegularization(),
        })
        {
            string message = Assert.ThrowsExactly<InvalidOperationException>(() => objective.Evaluate(network, images, classes, generator)).Message;
            StringAssert.Contains(message, "do not depend on the image");
        }

        Assert.ThrowsExactly<InvalidOperationException>(() => new HessianNorm().Measure(network, images, classes, generator));
        Assert.ThrowsExactly<InvalidOperationException>(() => UpperBoundReport.Measure(network, images, images, classes));
        NetworkCheck check = network.Check(images);
        Assert.IsTrue(check.Findings.Any(finding => finding.Contains("no gradient", StringComparison.Ordinal)), check.ToString());
    }

    [TestMethod]
    public void AnAttackWithoutGradientAttackedNothing()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(activation: Activation.Relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 6);
        foreach (AttributionAttack attack in new AttributionAttack[]
        {
            new TopKAttack { K = 10, Steps = 4 }, new TopKAttack { K = 10, Steps = 4, RandomStart = true, Restarts = 2 },
            new TargetMapAttack { Steps = 4, RandomStart = false }, new CenterOfMassAttack { Steps = 4 },
        })
        {
            using var generator = new Generator(1, CPU);
            using AttackResult with = attack.Perturb(network, images, classes, generator);
            Assert.AreNotEqual(0, with.Valid.sum().ToInt64(), attack.ToString());
            using AttackResult without = (attack with { Surrogate = null, KeepPrediction = false }).Perturb(network, images, classes, generator);
            Assert.AreEqual(0, without.Valid.sum().ToInt64(), attack.ToString());
            Assert.IsTrue(without.Gain.isnan().all().ToBoolean());
        }

        var measurement = new RobustnessMeasurement
        {
            Attacks = [new TopKAttack { K = 10, Steps = 4, Surrogate = null }], Similarities = [new PearsonCorrelation()],
        };
        RobustnessRow[] rows = [.. measurement.Measure(network, new TensorBatchSource(images, classes), 3)];
        Assert.IsTrue(rows.All(row => !row.Valid && double.IsNaN(row.Similarities[0])));
    }

    [TestMethod]
    public void ANetworkOfPlainReluModulesIsTheSame()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(
            nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 3)), new InputSpecification(1, 8, 8), 3);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 6);
        using var generator = new Generator(1, CPU);
        using AttackResult result = new TopKAttack { K = 10, Steps = 4, Surrogate = null }.Perturb(network, images, classes, generator);
        Assert.AreEqual(0, result.Valid.sum().ToInt64());
    }

    [TestMethod]
    public void ATrainingOnGradientsOfAReluNetworkWarns()
    {
        using var scope = NewDisposeScope();
        foreach ((ITrainingObjective objective, Activation activation, bool warns) in new (ITrainingObjective, Activation, bool)[]
        {
            (new LocalGradientAlignment(), Activation.Relu, true),
            (new LocalGradientAlignment(), Activation.Softplus(3), false),
            (new HessianNormPenalty(), Activation.Relu, true),
            (new CrossEntropy(), Activation.Relu, false),
            (new SpatialAlignment(), Activation.Relu, false),
            (new SpatialAlignment { Attack = new AlignmentAttack { Surrogate = null } }, Activation.Relu, true),
        })
        {
            using ImageNetwork network = TinyNetworks.Convolutional(activation: activation);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
            List<TrainingWarning> warnings = [];
            var options = new TrainingOptions { Objective = objective, Epochs = 1, BatchSize = 4 };
            TrainingResult result = new RobustTrainer(options).Fit(
                network, new TensorBatchSource(images, classes), progress: entry => warnings.AddRange(new[] { entry }.OfType<TrainingWarning>()));
            Assert.HasCount(warns ? 1 : 0, result.Warnings, objective.ToString());
            CollectionAssert.AreEqual(result.Warnings.ToArray(), warnings.Select(warning => warning.Message).ToArray());
            if (warns)
            {
                StringAssert.Contains(result.Warnings[0], $"{objective.GetType().Name} penalises gradients");
                StringAssert.Contains(result.Warnings[0], "no second derivative (its activation is ReLU)");
                StringAssert.Contains(result.Warnings[0], "e.g. Activation.Softplus(3)");
            }
        }
    }

    [TestMethod]
    public void TheSearchForASecondDerivativeLeavesStatisticsModeAndRandomStateAlone()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(
            nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(108, 3)), new InputSpecification(1, 8, 8), 3);
        double[] before = State();
        Tensor random = get_rng_state();
        StringAssert.Contains(SecondDerivative.Missing(network, new LocalGradientAlignment(), 5), "network Sequential has no second derivative");
        Assert.IsTrue(random.eq(get_rng_state()).all().ToBoolean());
        CollectionAssert.AreEqual(before, State());
        Assert.IsFalse(network.Modules.Any(module => module.training));
        Assert.IsTrue(network.Backbone.parameters().All(parameter => parameter.requires_grad));

        double[] State() => [.. network.Backbone.parameters().Select(parameter => (Tensor)parameter).Concat(network.Backbone.buffers()).SelectMany(Values.Of)];
    }

    /// <summary>A network whose forward pass loses the graph of its input between convolution and head.</summary>
    private sealed class Cut : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d conv = nn.Conv2d(1, 2, 3);
        private readonly ReLU relu = nn.ReLU();
        private readonly Linear head = nn.Linear(72, 3);

        public Cut()
            : base("Cut") => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(relu.call(conv.call(input)).detach().flatten(1));
    }
}
