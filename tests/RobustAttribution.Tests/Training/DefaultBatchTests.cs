using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static RobustAttribution.Tests.Fixtures.TrainingProblems;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

/// <summary>The default batch size follows the number of images, and a training that only guesses says so.</summary>
[TestClass]
public sealed class DefaultBatchTests
{
    [TestMethod]
    [DataRow(1, 8)]
    [DataRow(9, 9)] // else a ninth image alone
    [DataRow(100, 8)]
    [DataRow(297, 9)]
    [DataRow(300, 8)]
    [DataRow(512, 16)]
    [DataRow(1000, 16)]
    [DataRow(2048, 64)]
    [DataRow(4095, 64)]
    [DataRow(4096, 128)]
    [DataRow(4097, 128)] // as it always was
    [DataRow(60_000, 128)]
    public void TheDefaultGivesThirtyTwoStepsAndAtLeastEightImages(int images, int expected)
    {
        int size = new TrainingOptions().BatchSizeFor(images);
        Assert.AreEqual(expected, size);
        Assert.AreEqual(5, new TrainingOptions { BatchSize = 5 }.BatchSizeFor(images));
        Assert.IsTrue(size == 128 || images <= size || images % size != 1, "no image is alone");
    }

    /// <summary>The same bits as with the number given, which is 9 for 97 images, since 12 batches of 8 leave one alone.</summary>
    [TestMethod]
    public void UnsetIsTheDefaultsNumberBitForBit()
    {
        Dictionary<string, double[]> Trained(int? batchSize)
        {
            using ImageNetwork network = Network();
            new RobustTrainer(new TrainingOptions { Epochs = 1, BatchSize = batchSize }).Fit(network, Images(97));
            return Weights(network);
        }

        AssertSameBits(Trained(9), Trained(null));
        CollectionAssert.AreNotEqual(Trained(8)["conv.weight"], Trained(null)["conv.weight"]);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.02)]
    public void ATrainingThatGuessesSaysSoAtItsEnd(double rate)
    {
        using ImageNetwork network = Network();
        List<TrainingProgress> reports = [];
        TrainingOptions options = new() { Epochs = 4, BatchSize = 16, LearningRate = rate == 0 ? 1e-12 : rate };
        TrainingResult result = new RobustTrainer(options).Fit(network, Images(96), null, reports.Add);
        if (rate > 0)
        {
            Assert.IsGreaterThan(0.8, result.History[^1].Accuracy);
            Assert.IsEmpty(result.Warnings);
            return;
        }

        string warning = result.Warnings.Single();
        StringAssert.StartsWith(warning, "The accuracy is that of guessing after 24 steps: the training accuracy is ");
        StringAssert.Contains(warning, "Epochs is 4");
        StringAssert.Contains(warning, "BatchSize is 16, which is 6 steps an epoch");
        StringAssert.Contains(warning, "LearningRate (1E-12)");
        Assert.AreEqual(warning, ((TrainingWarning)reports[^1]).Message, "after everything else");
    }

    /// <summary>Of a validation set its own accuracy counts and its own largest class; one of a few images says nothing, so the training images do.</summary>
    [TestMethod]
    [DataRow(60, "validation")]
    [DataRow(12, "training")]
    public void TheValidationSetDecidesWhereItIsLargeEnough(int count, string set)
    {
        using ImageNetwork network = Network();
        TrainingOptions options = new() { Epochs = 1, BatchSize = 16, LearningRate = 1e-12 };
        string warning = new RobustTrainer(options).Fit(network, Images(96), Images(count, 8)).Warnings.Single();
        StringAssert.Contains(warning, $"the {set} accuracy is ");
    }

    [TestMethod]
    public void ALargeClassIsNoAchievement()
    {
        var guessing = new Guessing(3, Communicator.Single);
        using Tensor classes = cat([zeros(90, ScalarType.Int64), full(10, 2, ScalarType.Int64)]);
        guessing.Add(classes);
        Assert.AreEqual("the x accuracy is 95.0 %, and the largest class has 90.0 % of the images.", guessing.Finding("x", 0.95)); // two errors are 0.06
        Assert.IsNull(guessing.Finding("x", 0.97));
        Assert.IsNull(new Guessing(2, Communicator.Single).Finding("x", 0.1), "no image");
        var single = new Guessing(2, Communicator.Single);
        single.Add(zeros(40, ScalarType.Int64));
        Assert.IsNull(single.Finding("x", 1), "one class");
    }
}
