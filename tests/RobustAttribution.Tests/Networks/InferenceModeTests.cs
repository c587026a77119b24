using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>What differentiates gives the same values within torch.inference_mode() and no_grad() as outside, and leaves the mode as it was.</summary>
[TestClass]
public class InferenceModeTests
{
    [TestMethod]
    public void AttributionsAreTheSame()
    {
        foreach (IAttributionMethod method in AttributionTable.Rows)
        {
            ImageNetwork Build() => method is ClassActivationMap ? TinyNetworks.Residual() : TinyNetworks.Convolutional();
            AssertSame(Build, (network, images, classes) => Values.Of(method.Attribute(network, images, classes)), method.ToString());
        }
    }

    [TestMethod]
    public void AttacksAreTheSame()
    {
        foreach (IAttributionAttack attack in AttackTable.Rows)
        {
            AssertSame(
                () => TinyNetworks.Convolutional(),
                (network, images, classes) =>
                {
                    using var generator = new Generator(3, CPU);
                    using AttackResult result = attack.Perturb(network, images, classes, generator);
                    return Values.Of(result.Images);
                },
                attack.ToString());
        }
    }

    [TestMethod]
    public void ObjectivesAreTheSame()
    {
        foreach ((ITrainingObjective objective, _, _) in ObjectiveTable.Rows)
        {
            AssertSame(
                () => TinyNetworks.Convolutional(),
                (network, images, classes) =>
                {
                    using var generator = new Generator(3, CPU);
                    using ObjectiveResult result = objective.Evaluate(network, images, classes, generator);
                    Assert.IsTrue(result.Loss.requires_grad);
                    return Values.Of(result.Loss.detach());
                },
                objective.ToString());
        }
    }

    [TestMethod]
    public void MetricsAreTheSame()
    {
        AssertSame(
            () => TinyNetworks.Convolutional(activation: TinyNetworks.Smooth),
            (network, images, classes) =>
            {
                using var generator = new Generator(3, CPU);
                using UpperBoundReport report = UpperBoundReport.Measure(network, images, (images + 0.01).clamp(0, 1), classes);
                double[] hessian = Values.Of(new HessianNorm().Measure(network, images, classes, generator));
                var source = new TensorBatchSource(images, classes);
                var measurement = new RobustnessMeasurement
                {
                    Attacks = [new TopKAttack { K = 10, Steps = 3 }], Similarities = [new TopKIntersection { K = 10 }],
                };
                IEnumerable<double> compared = measurement.Measure(network, source, 2).SelectMany(row => row.Similarities);
                return [.. hessian, .. Values.Of(report.HessianVectorNorm), .. compared, network.Check(images).GradientError];
            },
            "metrics");
    }

    [TestMethod]
    public void ATrainingIsTheSame()
    {
        AssertSame(
            () => TinyNetworks.Convolutional(),
            (network, images, classes) =>
            {
                var options = new TrainingOptions { Objective = new LocalGradientAlignment(), Epochs = 2, BatchSize = 2, Seed = 4 };
                new RobustTrainer(options).Fit(network, new TensorBatchSource(images, classes));
                return [.. network.Backbone.parameters().SelectMany(parameter => Values.Of(parameter.detach()))];
            },
            "training");
    }

    private static void AssertSame(Func<ImageNetwork> build, Func<ImageNetwork, Tensor, Tensor, double[]> compute, string? name)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork outside = build();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(outside, 3);
        double[] expected = compute(outside, images, classes);
        Assert.IsTrue(Array.Exists(expected, value => value != 0), name);
        double[] found;
        Tensor madeInside, classesInside;
        using (inference_mode())
        {
            using ImageNetwork inside = build();
            (madeInside, classesInside) = (images.clone(), classes.clone());
            found = compute(inside, madeInside, classesInside);
            Assert.IsTrue(is_inference_mode_enabled());
        }

        CollectionAssert.AreEqual(expected, found, name);
        using (ImageNetwork fixedNetwork = build())
        using (no_grad())
        {
            CollectionAssert.AreEqual(expected, compute(fixedNetwork, images, classes), name + ", within no_grad");
        }

        using ImageNetwork later = build();
        CollectionAssert.AreEqual(expected, compute(later, madeInside, classesInside), name + ", images of inference mode outside of it");
    }
}
