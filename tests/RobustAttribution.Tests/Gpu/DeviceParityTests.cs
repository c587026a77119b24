using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Gpu;

/// <summary>One seed, one training, whatever device it runs on: the draws are the same, and float64 leaves the rounding.</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class DeviceParityTests
{
    public static IEnumerable<object[]> Objectives => from row in Enumerable.Range(0, ObjectiveTable.Rows.Count) select new object[] { row };

    [TestMethod]
    [DynamicData(nameof(Objectives))]
    public void ATrainingIsThatOfTheCpu(int row)
    {
        (double[] losses, double[] weights) = Train(row, CPU);
        (double[] deviceLosses, double[] deviceWeights) = Train(row, TestDevice.Current);
        Values.AreClose(losses, deviceLosses, 1e-6, "losses");
        Values.AreClose(weights, deviceWeights, 1e-6, "weights");
    }

    [TestMethod]
    public void ACheckpointOfOneDeviceGoesOnOnTheOther()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(new LocalGradientAlignment()) with
        {
            Checkpoints = new CheckpointOptions(folder.Path) { EveryEpochs = 1 }, OnCancellation = CancellationBehavior.KeepLatest,
        };
        using var cancellation = new CancellationTokenSource();
        _ = Train(options, CPU, progress =>
        {
            if (progress is EpochProgress)
            {
                cancellation.Cancel();
            }
        }, cancellation.Token);
        (double[] losses, double[] weights) = Train(options, TestDevice.Current);
        (double[] expected, double[] undisturbed) = Train(options with { Checkpoints = null }, CPU);
        Values.AreClose(expected, losses, 1e-6, "losses");
        Values.AreClose(undisturbed, weights, 1e-6, "weights");
    }

    private static TrainingOptions Options(ITrainingObjective objective) => new()
    {
        Objective = objective, Augmentation = Augmentation.Cifar, BatchSize = 4, Epochs = 2, GradientClipNorm = 0.5, LearningRate = 0.01, Seed = 3,
    };

    private static (double[] Losses, double[] Weights) Train(int row, Device device) => Train(Options(ObjectiveTable.Rows[row].Objective), device);

    private static (double[] Losses, double[] Weights) Train(
        TrainingOptions options, Device device, Action<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using IDisposable scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual();
        network.MoveTo(device);
        using ImageNetwork cpu = TinyNetworks.Residual();
        cpu.MoveTo(CPU);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(cpu, 12);
        var source = new TensorBatchSource(images, classes);
        TrainingResult result = new RobustTrainer(options).Fit(network, source, source, progress, cancellationToken);
        double[] losses = [.. result.History.SelectMany(epoch => new[] { epoch.Loss, epoch.Validation!.Loss })];
        return (losses, [.. network.Backbone.parameters().SelectMany(Values.Of)]);
    }
}
