using RobustAttribution.Attacks;
using RobustAttribution.Augmentations;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Gpu;

/// <summary>
/// Every tensor is made on a device that the code names. Here TorchSharp's default device is libtorch's "meta", whose tensors have no values: what is
/// made without a device cannot be computed with.
/// </summary>
[TestClass]
public sealed class DefaultDeviceTests
{
    public static IEnumerable<object[]> Attributions => AttributionTable.Cases("chain", "residual", "sequential");

    public static IEnumerable<object[]> Metrics => from row in MetricLaws.Table select new object[] { row };

    [TestMethod]
    [DynamicData(nameof(Attributions))]
    public void AttributionsNameTheirDevice(int row, string kind)
        => IsTheSame(() => AttributionTable.Network(kind, Activation.Relu), (network, images, classes, _)
            => Values.Of(AttributionTable.Rows[row].Attribute(network, images, classes)));

    [TestMethod]
    public void AttacksNameTheirDevice()
    {
        foreach (IAttributionAttack attack in AttackTable.Rows)
        {
            IsTheSame(() => TinyNetworks.Residual(activation: Activation.Relu), (network, images, classes, generator) =>
            {
                using AttackResult result = attack.Perturb(network, images, classes, generator);
                return [.. Values.Of(result.Images), .. Values.Of(result.Gain)];
            });
        }
    }

    [TestMethod]
    [DynamicData(nameof(Metrics))]
    public void MetricsNameTheirDevice(MetricLaws.Row row) => IsTheSame(() => TinyNetworks.Convolutional(), row.Measure);

    [TestMethod]
    public void SimilaritiesNameTheirDevice()
    {
        foreach (SimilarityRow row in SimilarityTable.Rows)
        {
            IsTheSame(
                () => TinyNetworks.Convolutional(size: 12),
                (_, images, _, _) => Values.Of(row.Similarity.Compare(images.select(1, 0), images.select(1, 1))));
        }
    }

    [TestMethod]
    public void TrainingsNameTheirDevice()
    {
        foreach (ITrainingObjective objective in ObjectiveTable.Rows.Select(row => row.Objective))
        {
            IsTheSame(() => TinyNetworks.Residual(channels: 3), (network, images, classes, _) =>
            {
                var options = new TrainingOptions
                {
                    Objective = objective, Augmentation = Augmentation.Art, BatchSize = 2, Epochs = 1, GradientClipNorm = 0.5, Seed = 3,
                    ClassWeights = [1, 2, 3, 4],
                };
                var source = new TensorBatchSource(images, classes);
                TrainingResult result = new RobustTrainer(options).Fit(network, source, source);
                return [.. result.History.Select(epoch => epoch.Loss), .. network.Backbone.parameters().SelectMany(Values.Of)];
            });
        }
    }

    private static void IsTheSame(Func<ImageNetwork> build, Func<ImageNetwork, Tensor, Tensor, Generator, double[]> compute)
    {
        using ImageNetwork named = build(), other = build();
        double[] expected = Run(named, CPU), found = Run(other, META);
        CollectionAssert.AreEqual(expected, found);

        double[] Run(ImageNetwork network, Device standard)
        {
            using IDisposable scope = NewDisposeScope();
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
            using var generator = new Generator(3, CPU);
            Device former = get_default_device();
            set_default_device(standard);
            try
            {
                return compute(network, images, classes, generator);
            }
            finally
            {
                set_default_device(former);
            }
        }
    }
}
