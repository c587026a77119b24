using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

/// <summary>Batch normalisation needs more than one value per channel; libtorch itself makes the running variance NaN instead.</summary>
[TestClass]
public sealed class SingleImageBatchTests
{
    private static readonly TrainingOptions Options = new() { Epochs = 3, BatchSize = 4 };

    [TestMethod]
    [DataRow(9, 4, "The 9 training images in batches of 4 (BatchSize) end with one of one image.")]
    [DataRow(1, 4, "The 1 training images in batches of 4 (BatchSize) end with one of one image.")]
    [DataRow(8, 1, "BatchSize is 1.")]
    public void OneValuePerChannelIsRefusedBeforeTheFirstStep(int images, int batchSize, string why)
    {
        foreach ((nn.Module<Tensor, Tensor> norm, bool flat) in new (nn.Module<Tensor, Tensor>, bool)[]
        {
            (nn.BatchNorm2d(4), false), (nn.BatchNorm1d(4), true), (nn.BatchNorm2d(4, track_running_stats: false), false),
        })
        {
            using ImageNetwork network = Normalized(norm, flat);
            Dictionary<string, double[]> before = TrainingProblems.Weights(network);
            ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
                () => new RobustTrainer(Options with { BatchSize = batchSize }).Fit(network, TrainingProblems.Images(images)));
            StringAssert.StartsWith(error.Message, why);
            StringAssert.Contains(error.Message, "Batch normalisation 'norm' gets one value per channel");
            TrainingProblems.AssertSameBits(before, TrainingProblems.Weights(network));
        }
    }

    [TestMethod]
    public void WhatHasSeveralValuesOrIsFrozenTrains()
    {
        using ImageNetwork wide = TrainingProblems.Network(), frozen = Normalized(nn.BatchNorm2d(4)), even = Normalized(nn.BatchNorm2d(4));
        foreach ((ImageNetwork network, TrainingOptions options, int images) in new[]
        {
            (wide, Options, 9), (frozen, Options with { FrozenModules = ["norm"] }, 9), (even, Options, 10),
        })
        {
            Assert.AreEqual(3, new RobustTrainer(options).Fit(network, TrainingProblems.Images(images)).EpochsDone);
            Assert.IsTrue(TrainingProblems.Weights(network).Values.All(values => values.All(double.IsFinite)));
        }
    }

    [TestMethod]
    public void ASourceThatGivesASingleImageUnannouncedIsRefusedAtTheStep()
    {
        using ImageNetwork network = Normalized(nn.BatchNorm2d(4));
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Options).Fit(network, new Shrinking()));
        StringAssert.StartsWith(error.Message, "The training source gave a batch of one image in epoch 1, step 2.");
        Assert.IsTrue(TrainingProblems.Weights(network).Values.All(values => values.All(double.IsFinite)));
    }

    private static ImageNetwork Normalized(nn.Module<Tensor, Tensor> norm, bool flat = false)
    {
        (string, nn.Module<Tensor, Tensor>) flatten = ("flatten", nn.Flatten());
        (string, nn.Module<Tensor, Tensor>)[] middle = flat ? [flatten, ("norm", norm)] : [("norm", norm), flatten];
        return new ImageNetwork(
            nn.Sequential([("conv", nn.Conv2d(1, 4, 3)), ("pool", nn.AdaptiveAvgPool2d(1)), .. middle, ("fc", nn.Linear(4, TrainingProblems.Classes))]),
            new InputSpecification(1, 6, 6),
            TrainingProblems.Classes);
    }

    /// <summary>Says that it has eight images and gives five.</summary>
    private sealed class Shrinking : IImageBatchSource
    {
        public long Count => 8;

        public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
            => TrainingProblems.Images(5).Read(batchSize, shuffleSeed, firstBatch);
    }
}
