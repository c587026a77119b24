using RobustAttribution.Metrics;

namespace RobustAttribution.Tests.Metrics;

[TestClass]
public sealed class ShardTests
{
    [TestMethod]
    public void EveryBatchIsInOneShard()
    {
        Shard[] shards = [.. Enumerable.Range(0, 3).Select(index => new Shard(index, 3))];
        for (int batch = 0; batch < 10; batch++)
        {
            Assert.AreEqual(1, shards.Count(shard => shard.Has(batch)));
        }

        Assert.IsTrue(shards[1].Has(4));
        Assert.IsTrue(Enumerable.Range(0, 10).All(batch => Shard.Whole.Has(batch)));
    }

    [TestMethod]
    public void TextsAreReadAndWritten()
    {
        Assert.AreEqual(new Shard(3, 8), Shard.Parse("3/8"));
        Assert.AreEqual(new Shard(0, 1), Shard.Parse(" 0 / 1 "));
        Assert.AreEqual("3/8", new Shard(3, 8).ToString());
        foreach (string wrong in new[] { "8/8", "3", "-1/8", "1/0", "a/b", "3/8/9", "", "1/99999999999", "3.0/8" })
        {
            StringAssert.StartsWith(Assert.ThrowsExactly<FormatException>(() => Shard.Parse(wrong)).Message, $"'{wrong}' is no shard; allowed are 0/1 and the like");
        }

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Shard(8, 8));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Shard(0, 0));
    }
}
