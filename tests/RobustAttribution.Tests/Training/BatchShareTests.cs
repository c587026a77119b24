using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

/// <summary>The rows of a batch that ranks share, without the ranks: tests/RobustAttribution.Distributed.Tests has them.</summary>
[TestClass]
public sealed class BatchShareTests
{
    [TestMethod]
    [DataRow(10, 3)]
    [DataRow(7, 7)]
    [DataRow(128, 1)]
    [DataRow(2, 5)]
    [DataRow(1_000_003, 256)]
    public void SharesAreTheBatchAndTheirWeightsAddUpToOne(int total, int size)
    {
        BatchShare[] shares = [.. Enumerable.Range(0, size).Select(rank => BatchShare.Of(total, new Ranks(rank, size)))];

        long[] rows = [.. shares.SelectMany(share => Enumerable.Range((int)share.First, (int)share.Count)).Select(row => (long)row).Distinct().Order()];
        CollectionAssert.AreEqual(Enumerable.Range(0, total).Select(row => (long)row).ToArray(), rows);
        Assert.AreEqual(1, shares.Sum(share => share.Weight), 1e-12);
        Array.ForEach(shares, share => Assert.AreEqual(total < size ? 1.0 / size : (double)share.Count / total, share.Weight, 1e-15));
        Assert.AreEqual(total, shares.Sum(share => share.Count * share.SumFactor), 1e-6);
        Assert.AreEqual(BatchShare.Smallest(total, size), shares.Min(share => share.Count));
        Assert.IsLessThanOrEqualTo(1, shares.Max(share => share.Count) - shares.Min(share => share.Count));
    }

    [TestMethod]
    public void DrawsForAShareAreTheRowsOfThoseForTheBatch()
    {
        using Tensor like = zeros(3, 2, 4, dtype: ScalarType.Float64), whole = zeros(8, 2, 4, dtype: ScalarType.Float64);
        var share = new BatchShare(First: 4, Count: 3, Total: 8, Weight: 3.0 / 8);
        using Generator one = new(1, CPU), two = new(1, CPU), other = new(1, CPU);
        using Tensor uniform = CpuDraws.Uniform(whole.shape, whole, one), normal = CpuDraws.Normal(whole, one), next = rand(1, generator: one);

        using (CpuDraws.ForShare(share, two))
        {
            using Tensor mine = CpuDraws.Uniform(like.shape, like, two), mineNormal = CpuDraws.Normal(like, two), notMine = CpuDraws.Normal(like, other);
            using Tensor expected = uniform.narrow(0, 4, 3), expectedNormal = normal.narrow(0, 4, 3), mineNext = rand(1, generator: two);
            Assert.IsTrue(mine.Equals(expected));
            Assert.IsTrue(mineNormal.Equals(expectedNormal));
            Assert.IsTrue(mineNext.Equals(next), "as many numbers were drawn");
            using Generator fresh = new(1, CPU);
            using Tensor alone = randn(like.shape, dtype: ScalarType.Float64, generator: fresh);
            Assert.IsTrue(notMine.Equals(alone), "another generator draws for what it is asked");
        }

        using Generator after = new(1, CPU), reference = new(1, CPU);
        using Tensor drawn = CpuDraws.Uniform(like.shape, like, after), plain = rand(like.shape, dtype: ScalarType.Float64, generator: reference);
        Assert.IsTrue(drawn.Equals(plain));
    }

    [TestMethod]
    [DataRow(21, 5)]
    [DataRow(23, 20)]
    public void ARankWithOneImageOfABatchHasNoBatchStatistics(int images, int batchSize)
    {
        using var network = new ImageNetwork(
            nn.Sequential(
                ("pool", nn.AdaptiveAvgPool2d(1)), ("norm", nn.BatchNorm2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(1, TrainingProblems.Classes))),
            new InputSpecification(1, 6, 6),
            TrainingProblems.Classes);
        var trainer = new RobustTrainer(new TrainingOptions { BatchSize = batchSize, Communicator = new Ranks(0, 3) });

        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(network, TrainingProblems.Images(images)));

        Assert.Contains($"in batches of {batchSize}", error.Message);
        Assert.Contains("one of 3 ranks with one image", error.Message);
    }

    /// <summary>A rank whose others say what it says.</summary>
    private sealed class Ranks(int rank, int size) : ICommunicator
    {
        public int Rank => rank;

        public int Size => size;

        public int LocalRank => rank;

        public void SumInPlace(Tensor values)
        {
            using Scalar factor = size;
            values.mul_(factor);
        }

        public void Broadcast(Span<byte> values, int root = 0)
        {
        }

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> values)
        {
            byte[] own = values.ToArray();
            return [.. Enumerable.Repeat(own, size)];
        }

        public void Barrier()
        {
        }
    }
}
