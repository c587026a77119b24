using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Objectives;

/// <summary>Each objective's derivative at the parameters against central differences, and the passes it takes.</summary>
[TestClass]
public sealed class ObjectiveGradientTests
{
    // Finite differences include how an attack's result and a detached gradient depend on the parameters, derivatives do not; so the attacks are
    // random draws here, and the source gradients attached.
    private static readonly ITrainingObjective[] Objectives =
    [
        new CrossEntropy(),
        new AdversarialCrossEntropy { Attack = new ProjectedGradientDescent { Steps = 0 } },
        new HessianNormPenalty { Weight = 2 },
        .. ObjectiveTable.Perturbations.Take(2).Select(perturbation => new LocalGradientAlignment
        {
            Epsilon = 0.2, L2Weight = 3, AttachSourceGradient = true, Perturbation = perturbation,
        }),
        new LocalGradientAlignment { Epsilon = 0.2, L2Weight = 0, AttachSourceGradient = true },
        new SpatialAlignment { Attack = new AlignmentAttack { Steps = 0 }, Weight = 2 },
        new IntegratedGradientNorm { Attack = new IntegratedGradientNormAttack { Steps = 0 }, Weight = 2, Points = 3 },
        new IntegratedGradientNorm { Attack = new IntegratedGradientNormAttack { Steps = 0 }, Weight = 2, Points = 3, Sum = true },
        new AdversarialAttributionTraining { Attack = new CorrelationAttack { Steps = 0, ThreatModel = new LinfBall(0.2) }, Weight = 2 },
        new IntegratedGradientRegularization { Attack = new ProjectedGradientDescent { Steps = 0, ThreatModel = new LinfBall(0.2) }, Weight = 2 },
        new RankThickness { K = 20, GapWeight = 200, HessianWeight = 0 },
        new RankThickness { K = 20, Pairs = 4, GapWeight = 200, HessianWeight = 300, Epsilon = 0.1 },
        new Trades { Attack = new DivergenceAttack { Steps = 0, ThreatModel = new LinfBall(0.2) }, Weight = 2000 },
        new InputGradientPenalty { Weight = 2000 },
    ];

    public static IEnumerable<object[]> Cases
        => from row in Enumerable.Range(0, Objectives.Length) from seed in new ulong[] { 1, 2, 3 } select new object[] { row, seed };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheGradientIsThatOfCentralDifferences(int row, ulong seed)
    {
        using var scope = NewDisposeScope();
        // Over the points of paths some maximum of a pooling changes its place within h.
        var paths = new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5, Pooling = Pooling.Average };
        using ImageNetwork network = Objectives[row] is AdversarialAttributionTraining or IntegratedGradientRegularization
            ? TinyNetworks.Create(paths, seed)
            : TinyNetworks.Convolutional(seed);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 3, seed);
        double Loss() => ObjectiveLaws.Evaluate(Objectives[row], network, images, classes).Loss.ToDouble();
        AgreesWithDifferences(network, seed, Objectives[row], images, classes, Loss);
    }

    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    [DataRow(3UL)]
    public void ADetachedSourceGradientIsHeld(ulong seed)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = MlpReference.Network(seed, Activation.Softplus(3));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
        var objective = new LocalGradientAlignment { Epsilon = 0.2, L2Weight = 3, CosineWeight = 2 };
        using var generator = new Generator(13, CPU);
        double[] draws = Values.Of(rand(images.shape, ScalarType.Float64, CPU, false, generator));
        double[] radius = [.. Values.Of(network.NormalizedRadius(0.2).expand(1, 2, 4, 4))];
        var before = new MlpReference(network, 3);
        AgreesWithDifferences(network, seed, objective, images, classes, () =>
        {
            var now = new MlpReference(network, 3);
            return Enumerable.Range(0, 2).Average(n =>
            {
                int y = (int)classes[n].ToInt64();
                double[] u = now.Normalize(Values.Of(images[n])), source = before.Gradient(u, y);
                double[] moved = now.Gradient([.. u.Select((value, i) => value + (radius[i] * ((2 * draws[(n * u.Length) + i]) - 1)))], y);
                return ObjectiveReferences.CrossEntropy(now.Logits(u), y)
                    + (3 * ObjectiveReferences.SquaredDistance(source, moved))
                    + (1 - ObjectiveReferences.Cosine(source, moved));
            });
        });
    }

    [TestMethod]
    public void NoPassIsMadeTwice()
    {
        foreach ((ITrainingObjective objective, bool relu, int calls, int trainable) in new (ITrainingObjective, bool, int, int)[]
        {
            (new CrossEntropy(), true, 1, 1),
            (new HessianNormPenalty(), false, 1, 1),
            (new LocalGradientAlignment(), false, 2, 2),
            (new LocalGradientAlignment { CosineWeight = 0 }, false, 2, 2),
            (new AdversarialCrossEntropy(), true, 7 + 1, 1),
            (new SpatialAlignment(), false, 3 + 2, 2), // a smooth network: the start's gradients serve the first step, x̃'s pass the cross-entropy
            (new IntegratedGradientNorm(), true, (7 * 5) + 1 + 5, 6),
            (new IntegratedGradientNorm { Sum = true }, true, (7 * (1 + 5)) + 1 + 5, 6),
            // The clean map. The points of three images share a pass, whose memory is measured once for a network.
            (new AdversarialAttributionTraining(), false, 1 + 1 + (7 * (1 + 1)) + 1 + 2, 3),
            (new IntegratedGradientRegularization(), false, 1 + 7 + 1 + 2, 3),
            (new RankThickness(), false, 2, 2),
            (new RankThickness { HessianWeight = 0 }, false, 1, 1),
            (new Trades(), true, 1 + 10 + 2, 2),
            (new InputGradientPenalty(), true, 1, 1),
            (new SpatialAlignment(), true, 1 + 3 + 2 + 1, 3), // a ReLU network: the start's ReLU gradients, and x̃'s ReLU logits
        })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork inner = TinyNetworks.Convolutional(1, relu ? Activation.Relu : null);
            (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            ObjectiveLaws.Evaluate(objective, network, images, classes);
            Assert.AreEqual(calls, counter.Calls, $"{objective}");
            Assert.AreEqual(trainable, counter.TrainableCalls, $"{objective}");
        }
    }

    [TestMethod]
    public void InnerAttacksLeaveBatchNormalisationAlone()
    {
        foreach ((ITrainingObjective objective, AttributionAttack attack) in new (ITrainingObjective, AttributionAttack)[]
        {
            (new AdversarialCrossEntropy(), new ProjectedGradientDescent()),
            (new SpatialAlignment { Weight = 0 }, new AlignmentAttack()),
            (new IntegratedGradientNorm { Sum = true, Weight = 0 }, new ProjectedGradientDescent()),
            (new AdversarialAttributionTraining { Weight = 0 }, new ProjectedGradientDescent()),
            (new IntegratedGradientRegularization { Weight = 0 }, new ProjectedGradientDescent()),
        })
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(1, CPU);
            using var twin = new Generator(13, CPU);
            using ImageNetwork network = WithBatchNormalisation(generator);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            network.Backbone.eval();
            Tensor attacked = attack.LastIterate(network, images, classes, twin);
            network.Backbone.train();
            Tensor[] buffers = [.. network.Backbone.buffers()];
            Tensor[] before = [.. buffers.Select(buffer => buffer.clone())];
            network.Logits(attacked);
            Tensor[] expected = [.. buffers.Select(buffer => buffer.clone())];
            foreach ((Tensor buffer, Tensor value) in buffers.Zip(before))
            {
                buffer.copy_(value);
            }

            ObjectiveLaws.Evaluate(objective, network, images, classes);
            Assert.IsTrue(network.Backbone.training);
            foreach ((Tensor buffer, Tensor value) in buffers.Zip(expected))
            {
                Values.AreClose(value, buffer, 1e-12);
            }
        }
    }

    [TestMethod]
    public void WithoutTheirPenaltyTheOthersAreAdversarialTrainingBitForBit()
    {
        foreach (ITrainingObjective objective in new ITrainingObjective[]
        {
            new IntegratedGradientNorm { Sum = true, Weight = 0 },
            new AdversarialAttributionTraining { Weight = 0 },
            new IntegratedGradientRegularization { Weight = 0 },
        })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional(5, type: ScalarType.Float32);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using ObjectiveResult expected = ObjectiveLaws.Evaluate(new AdversarialCrossEntropy(), network, images, classes);
            using ObjectiveResult found = ObjectiveLaws.Evaluate(objective, network, images, classes);
            Assert.IsTrue(expected.Loss.eq(found.Loss).all().ToBoolean(), $"{objective}");
            foreach ((Tensor a, Tensor b) in ObjectiveLaws.Gradients(expected.Loss, network).Zip(ObjectiveLaws.Gradients(found.Loss, network)))
            {
                Assert.IsTrue(a.eq(b).all().ToBoolean(), $"{objective}");
            }
        }
    }

    private static ImageNetwork WithBatchNormalisation(Generator generator)
    {
        var network = new ImageNetwork(
            nn.Sequential(
                SeededLayers.Convolution(2, 3, 3, 1, 1, false, generator),
                nn.BatchNorm2d(3),
                new ActivationLayer(TinyNetworks.Smooth),
                nn.Flatten(),
                SeededLayers.Linear(192, 4, generator)),
            TinyNetworks.Input(),
            4);
        network.MoveTo(CPU, ScalarType.Float64);
        return network;
    }

    private static void AgreesWithDifferences(
        ImageNetwork network, ulong seed, ITrainingObjective objective, Tensor images, Tensor classes, Func<double> loss)
    {
        const double H = 1e-5;
        Tensor[] parameters = [.. network.Backbone.parameters()];
        using var generator = new Generator(seed, CPU);
        using ObjectiveResult result = ObjectiveLaws.Evaluate(objective, network, images, classes);
        Tensor[] gradients = ObjectiveLaws.Gradients(result.Loss, network);
        for (int draw = 0; draw < 3; draw++)
        {
            Tensor[] direction = [.. parameters.Select(parameter => randn(parameter.shape, ScalarType.Float64, CPU, false, generator))];
            double expected = (At(H) - At(-H)) / (2 * H);
            double found = gradients.Zip(direction, (g, d) => (g * d).sum().ToDouble()).Sum();
            Assert.AreEqual(expected, found, 1e-6 * Math.Max(1, Math.Abs(expected)), $"{objective}");

            double At(double h)
            {
                Move(h);
                double value = loss();
                Move(-h);
                return value;
            }

            void Move(double h)
            {
                using IDisposable mode = no_grad();
                foreach ((Tensor parameter, Tensor along) in parameters.Zip(direction))
                {
                    parameter.add_(along, h);
                }
            }
        }
    }
}
