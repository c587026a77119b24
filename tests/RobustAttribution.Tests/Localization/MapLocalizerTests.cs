using RobustAttribution.Localization;
using RobustAttribution.Tests.References;

namespace RobustAttribution.Tests.Localization;

/// <summary>Boxes from maps, against the definition and by hand.</summary>
[TestClass]
public sealed class MapLocalizerTests
{
    [TestMethod]
    [DataRow(0.2, true)]
    [DataRow(0.5, true)]
    [DataRow(0.5, false)]
    [DataRow(0.8, false)]
    [DataRow(0.0, true)]
    [DataRow(1.0, false)]
    public void IsTheDefinition(double threshold, bool smooth)
    {
        var localizer = new MapLocalizer { Threshold = threshold, Smooth = smooth };
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            (int height, int width) = (random.Next(1, 9), random.Next(1, 9));
            float[,] map = new float[height, width];
            for (int i = 0; i < map.Length; i++)
            {
                map[i / width, i % width] = random.Next(3) == 0 ? random.NextSingle() : 0; // sparse, so that regions fall apart
            }

            Assert.AreEqual(
                LocalizationReferences.Locate(map, threshold, smooth), localizer.Locate(map.Cast<float>().ToArray(), height, width), $"seed {seed}");
        }
    }

    [TestMethod]
    public void CornersConnectAndTheLargestRegionWins()
    {
        float[] map =
        [
            9, 0, 0, 0, 0,
            9, 0, 0, 0, 1,
            0, 0, 0, 1, 0,
            0, 0, 1, 0, 0,
        ];
        var localizer = new MapLocalizer { Smooth = false, Threshold = 0.1 };
        Assert.AreEqual(new BoundingBox(2, 1, 5, 4), localizer.Locate(map, 4, 5));
        Assert.AreEqual(new BoundingBox(0, 0, 1, 2), (localizer with { Threshold = 0.2 }).Locate(map, 4, 5));
        Assert.AreEqual(new BoundingBox(0, 0, 5, 4), (localizer with { Threshold = 0 }).Locate(map, 4, 5));
    }

    [TestMethod]
    public void AMapWithoutAnythingHasNoBox()
    {
        var localizer = new MapLocalizer();
        Assert.AreEqual(BoundingBox.None, localizer.Locate(new float[6], 2, 3));
        Assert.AreEqual(BoundingBox.None, localizer.Locate([float.NaN, -1], 1, 2));
        Assert.AreEqual(new BoundingBox(0, 0, 1, 1), (localizer with { Smooth = false }).Locate([5, float.NaN], 1, 2));
    }

    [TestMethod]
    public void WrongSizesAndOptionsAreNamed()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new MapLocalizer().Locate(new float[5], 2, 3)).Message, "2×3 = 6");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new MapLocalizer { Threshold = 1.5 }).Message, "Threshold is 1.5");
    }

    [TestMethod]
    public void OverlapIsCounted()
    {
        var random = new Random(3);
        for (int i = 0; i < 50; i++)
        {
            (BoundingBox a, BoundingBox b) = (Box(), Box());
            Assert.AreEqual(LocalizationReferences.IntersectionOverUnion(a, b), a.IntersectionOverUnion(b), 1e-12);
            Assert.AreEqual(a.IntersectionOverUnion(b), b.IntersectionOverUnion(a), 1e-12);
            Assert.AreEqual(1, a.IntersectionOverUnion(a), 1e-12);
        }

        Assert.AreEqual(0, BoundingBox.None.IntersectionOverUnion(Box()));
        Assert.AreEqual(0, Box().IntersectionOverUnion(BoundingBox.None));
        Assert.AreEqual(0, BoundingBox.None.Area);
        Assert.AreEqual(0, new BoundingBox(0, 0, 2, 2).IntersectionOverUnion(new BoundingBox(2, 0, 4, 2)), "boxes that touch");

        BoundingBox Box()
        {
            (int left, int top) = (random.Next(30), random.Next(30));
            return new BoundingBox(left, top, left + random.Next(1, 30), top + random.Next(1, 30));
        }
    }
}
