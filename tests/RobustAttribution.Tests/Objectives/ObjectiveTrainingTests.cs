using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Objectives;

/// <summary>Objectives with inner attacks and double backward train in both precisions, and a seed repeats the training bit for bit.</summary>
[TestClass]
public sealed class ObjectiveTrainingTests
{
    private static readonly LinfBall Ball = new(4.0 / 255);

    private static readonly ITrainingObjective[] Objectives =
    [
        new IntegratedGradientNorm { Attack = new IntegratedGradientNormAttack { ThreatModel = Ball, Steps = 2, Points = 2 }, Points = 2 },
        new IntegratedGradientNorm
        {
            Attack = new IntegratedGradientNormAttack { ThreatModel = Ball, Steps = 2, Points = 2 }, Points = 2, Weight = 0.1, Sum = true,
        },
        new AdversarialAttributionTraining { Attack = new CorrelationAttack { ThreatModel = Ball, Steps = 2 } },
        new IntegratedGradientRegularization { Attack = new ProjectedGradientDescent { ThreatModel = Ball, Steps = 2 } },
        new RankThickness { K = 10 },
        new RankThickness { K = 10, Pairs = 3 },
        new Trades { Attack = new DivergenceAttack { ThreatModel = Ball, Steps = 2 } },
        new InputGradientPenalty { Weight = 0.1 },
    ];

    public static IEnumerable<object[]> Cases
        => from row in Enumerable.Range(0, Objectives.Length) from precision in Enum.GetValues<Precision>() select new object[] { row, precision };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheLossFallsAndASeedRepeatsIt(int row, Precision precision)
    {
        (double[] losses, double[] weights) = Train();
        Assert.IsTrue(losses.All(double.IsFinite), string.Join(", ", losses));
        Assert.IsLessThan(0.9 * losses[0], losses[^1], string.Join(", ", losses));
        (double[] again, double[] same) = Train();
        CollectionAssert.AreEqual(losses, again);
        CollectionAssert.AreEqual(weights, same);

        (double[] Losses, double[] Weights) Train()
        {
            using IDisposable scope = NewDisposeScope();
            using var generator = new Generator(3, CPU);
            var architecture = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 6, HiddenUnits = 12 };
            ITrainingObjective objective = Objectives[row];
            using ImageNetwork network = ImageNetwork.Create(
                architecture, new InputSpecification(1, 8, 8), TrainingProblems.Classes, objective.RecommendedActivation, generator);
            TrainingOptions options = new()
            {
                Objective = objective, Precision = precision, Epochs = 6, BatchSize = 16, LearningRate = 0.02, Optimizer = new AdamW(), Seed = 5,
            };
            TensorBatchSource source = TrainingProblems.Images(96, size: 8);
            TrainingResult result = new RobustTrainer(options).Fit(network, source);
            Assert.IsEmpty(result.Warnings);
            return (
                [.. result.History.Select(epoch => epoch.Loss)],
                [.. network.Backbone.parameters().SelectMany(parameter => Values.Of(parameter))]);
        }
    }
}
