
namespace RobustAttribution.MLNet.Tests.Reporting;

/// <summary>The percentile at which maps are clipped.</summary>
[TestClass]
public sealed class ClipValueTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(49)]
    [DataRow(100)]
    [DataRow(784)]
    public void ItIsThePercentileByDefinition(int count)
    {
        var random = new Random(count);
        float[] map = [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        foreach (double percentile in new[] { 0.001, 1, 29, 50, 99, 99.5, 100 })
        {
            Assert.AreEqual(ByDefinition(map, percentile), SaliencyImage.ClipValue(map, percentile), $"{percentile} % of {count} values");
        }
    }

    [TestMethod]
    public void TheExamplesOfTheDocumentationHold()
    {
        float[] hundredOne = [.. Enumerable.Range(0, 101).Reverse().Select(i => (float)i)];
        Assert.AreEqual(29, SaliencyImage.ClipValue(hundredOne, 29)); // 29/100·100 would be 28.999…
        Assert.AreEqual(99, SaliencyImage.ClipValue(hundredOne));
        Assert.AreEqual(3, SaliencyImage.ClipValue([-4, 3, -1, 2]), "magnitudes count");
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(49)]
    [DataRow(784)]
    public void OneHotPixelDecidesNothing(int count)
    {
        float[] map = [.. Enumerable.Range(1, count).Select(i => (float)i / count)];
        double usual = SaliencyImage.ClipValue(map);
        map[^1] = 1e9f;
        Assert.AreEqual(usual, SaliencyImage.ClipValue(map));
        Assert.AreEqual(1e9, SaliencyImage.ClipValue(map, 100));
    }

    [TestMethod]
    public void AHundredPercentIsTheScaleOfAnUnclippedMap()
    {
        var random = new Random(1);
        float[] map = [.. Enumerable.Range(0, 100).Select(_ => (float)random.NextDouble())];
        Assert.AreEqual(SaliencyImage.LargestMagnitude(map), SaliencyImage.ClipValue(map, 100));
    }

    [TestMethod]
    public void ConstantMapsAndZerosKeepTheirScale()
    {
        Assert.AreEqual(7, SaliencyImage.ClipValue([7, 7, 7, 7]));
        Assert.AreEqual(7, SaliencyImage.ClipValue([-7, -7]));
        Assert.AreEqual(0, SaliencyImage.ClipValue(new float[16]));
        Assert.AreEqual(5, SaliencyImage.ClipValue([0, 0, 0, 5]), "a percentile of 0 would make the whole map dark");
        Assert.AreEqual(0, SaliencyImage.ClipValue([]));
    }

    [TestMethod]
    public void ValuesThatAreNoNumbersDoNotCount()
    {
        Assert.AreEqual(2, SaliencyImage.ClipValue([float.NaN, 1, float.PositiveInfinity, 2, float.NegativeInfinity, 3]));
        Assert.AreEqual(0, SaliencyImage.ClipValue([float.NaN, float.NaN]));
    }

    [TestMethod]
    [DataRow(0, "0")]
    [DataRow(-1, "-1")]
    [DataRow(100.5, "100.5")]
    [DataRow(double.NaN, "NaN")]
    public void PercentilesOutsideTheirRangeAreRefused(double percentile, string text)
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => SaliencyImage.ClipValue([1], percentile));
        StringAssert.Contains(error.Message, $"percentile is {text}; allowed is a number above 0 and at most 100");
    }

    /// <summary>In ascending order, the last value whose place, as a share of the last place, is at most the percentile.</summary>
    private static double ByDefinition(float[] map, double percentile)
    {
        double[] ascending = [.. map.Select(value => (double)Math.Abs(value)).Order()];
        double found = ascending[0];
        for (int place = 0; place < ascending.Length; place++)
        {
            if (place * 100.0 <= percentile * (ascending.Length - 1))
            {
                found = ascending[place];
            }
        }

        return found;
    }
}
