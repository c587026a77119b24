using System.Reflection;
using Microsoft.ML;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using Options = RobustAttribution.MLNet.RobustAttributionImageClassificationTrainer.Options;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Every option of the trainer reaches the training.</summary>
[TestClass]
public sealed class TrainerOptionTests
{
    /// <summary>Options that must change the trained weights.</summary>
    private static readonly Dictionary<string, Func<Options, Options>> Changes = new()
    {
        [nameof(Options.Network)] = options => options with { Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 16 } },
        [nameof(Options.Activation)] = options => options with { Activation = Activation.Relu },
        [nameof(Options.Objective)] = options => options with { Objective = new LocalGradientAlignment() },
        [nameof(Options.Epochs)] = options => options with { Epochs = 4 },
        [nameof(Options.BatchSize)] = options => options with { BatchSize = 5 },
        [nameof(Options.Optimizer)] = options => options with { Optimizer = new Sgd() },
        [nameof(Options.LearningRate)] = options => options with { LearningRate = 0.02 },
        [nameof(Options.Schedule)] = options => options with { Schedule = new CosineSchedule() },
        [nameof(Options.GradientClipNorm)] = options => options with { GradientClipNorm = 1e-3 },
        [nameof(Options.Augmentation)] = options => options with { Augmentation = new HorizontalFlip() },
        [nameof(Options.ClassWeights)] = options => options with { ClassWeights = [5, 1, 0.1] },
        [nameof(Options.HeadLearningRateFactor)] = options => options with { HeadLearningRateFactor = 10 },
        [nameof(Options.HeadModule)] = options => options with { HeadLearningRateFactor = 10, HeadModule = "inner.conv1" },
        [nameof(Options.FrozenModules)] = options => options with { FrozenModules = ["inner.conv1"] },
        [nameof(Options.ValidationSetFraction)] = options => options with { ValidationSetFraction = 0.5 },
        [nameof(Options.DataDependentInitialization)] = options => options with { DataDependentInitialization = true },
        [nameof(Options.Precision)] = options => options with { Precision = Precision.BFloat16 },
        [nameof(Options.Seed)] = options => options with { Seed = 99 },
        [nameof(Options.Input)] = options => options with { Input = new InputSpecification(1, TestImage.Side, TestImage.Side) { Mean = [0.1] } },
    };

    // What has tests of its own: columns and scoring in ConformanceTests, the rest in TrainerTests, ContinuedTrainingTests, ConcurrencyTests and below.
    private static readonly HashSet<string> Elsewhere =
    [
        "LabelColumnName", "ImageColumnName", "ScoreColumnName", "PredictedLabelColumnName", "PixelScale", "Resize", "InitialWeightsPath", "ValidationSet", "EarlyStopping", "MetricsCallback", "ProgressInterval",
        "Checkpoints", "CacheBudgetInBytes", "TrainingSize", "Threads", "Communicator", "BrokenRows", "CancellationToken", "OnCancellation",
    ];

    public static IEnumerable<string> Names => Changes.Keys;

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void AnOptionChangesTheTraining(string name)
    {
        float[] standard = Train(options => options).Scores;
        CollectionAssert.AreEqual(standard, Train(options => options).Scores);
        CollectionAssert.AreNotEqual(standard, Train(Changes[name]).Scores);
    }

    [TestMethod]
    public void NoOptionIsWithoutTest()
        => CollectionAssert.AreEquivalent(typeof(Options).GetProperties(BindingFlags.Instance | BindingFlags.Public).Select(property => property.Name).ToArray(), Changes.Keys.Concat(Elsewhere).ToArray());

    [TestMethod]
    [DataRow(ValidationMetric.Loss)]
    [DataRow(ValidationMetric.Accuracy)]
    public void EarlyStoppingEndsATrainingThatDoesNotGetBetter(ValidationMetric metric)
    {
        TrainingResult result = Train(options => options with
        {
            Epochs = 30,
            LearningRate = 1e-12,
            ValidationSetFraction = 0.5,
            EarlyStopping = new EarlyStopping { Metric = metric, Patience = 2, MinimumDelta = 1e-3 },
        }).Result;
        Assert.AreEqual(TrainingEnd.EarlyStopped, result.Reason);
        Assert.AreEqual(3, result.EpochsDone);
        Assert.AreEqual(1, result.WeightsEpoch, "the best weights are back");
    }

    [TestMethod]
    public void AStoppedTrainingKeepsTheBestModelIfAskedFor()
    {
        using var stop = new CancellationTokenSource();
        TrainingResult result = Train(options => options with
        {
            Epochs = 30,
            ValidationSetFraction = 0.5,
            OnCancellation = CancellationBehavior.KeepBest,
            CancellationToken = stop.Token,
            MetricsCallback = report =>
            {
                if (report is BatchProgress { Epoch: 4, Step: 2 })
                {
                    stop.Cancel();
                }
            },
        }).Result;
        Assert.IsFalse(result.Completed);
        Assert.AreEqual(3, result.EpochsDone);
        EpochProgress best = result.History.MinBy(epoch => epoch.Validation!.Loss)!;
        Assert.AreEqual(best.Epoch, result.WeightsEpoch);
    }

    private static (float[] Scores, TrainingResult Result) Train(Func<Options, Options> change)
    {
        CountingArchitecture.Register();
        var context = new MLContext(seed: 1);
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(18));
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        Options options = change(Scored.Options() with { Epochs = 2, LearningRate = 0.01, ProgressInterval = TimeSpan.Zero });
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(options).Fit(data);
        return ([.. Rows.Read(model.Transform(data), ["Score"]).SelectMany(row => (float[])row.Values["Score"])], model.Training!);
    }
}
