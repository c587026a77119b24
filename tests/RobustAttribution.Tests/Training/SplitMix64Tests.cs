using RobustAttribution.Training;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class SplitMix64Tests
{
    [TestMethod]
    public void ValuesAreThoseOfThePublishedGenerator()
    {
        var generator = new SplitMix64(1234567);
        ulong[] expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        CollectionAssert.AreEqual(expected, Enumerable.Range(0, 5).Select(_ => generator.Next()).ToArray());
    }

    [TestMethod]
    public void APermutationHasEachNumberOnceAndDependsOnTheSeedAlone()
    {
        long[] order = new SplitMix64(5).Permutation(1000);
        CollectionAssert.AreEqual(Enumerable.Range(0, 1000).Select(i => (long)i).ToArray(), order.Order().ToArray());
        CollectionAssert.AreEqual(order, new SplitMix64(5).Permutation(1000));
        CollectionAssert.AreNotEqual(order, new SplitMix64(6).Permutation(1000));
    }

    [TestMethod]
    public void EveryPlaceIsEquallyLikely()
    {
        int[] counts = new int[6];
        for (int seed = 0; seed < 6000; seed++)
        {
            counts[new SplitMix64(seed).Permutation(6)[2]]++;
        }

        Assert.IsTrue(counts.All(count => Math.Abs(count - 1000) < 150), string.Join(' ', counts)); // five standard deviations
    }

    [TestMethod]
    public void DerivedSeedsDifferByPurposeAndIndex()
    {
        long[] seeds = [.. from seed in Enumerable.Range(0, 20) from purpose in Enumerable.Range(0, 5) from index in Enumerable.Range(0, 20)
            select SplitMix64.Derive(seed, purpose, index)];
        Assert.AreEqual(seeds.Length, seeds.Distinct().Count());
        Assert.AreEqual(seeds.Length, seeds.Select(seed => (uint)seed).Distinct().Count(), "CPU generators use the lower half only");
    }

    [TestMethod]
    public void ABoundBelowOneIsRefused() => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new SplitMix64(1).Below(0));
}
