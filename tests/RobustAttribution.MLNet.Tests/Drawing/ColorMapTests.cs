
namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class ColorMapTests
{
    [TestMethod]
    public void InfernoGetsLighterFromEndToEnd()
    {
        double[] lightness = [.. Enumerable.Range(0, 256).Select(i => Lightness(ColorMap.Inferno.At(i / 255.0)))];
        for (int i = 1; i < lightness.Length; i++)
        {
            Assert.IsGreaterThanOrEqualTo(lightness[i - 1] - 0.6, lightness[i], $"entry {i}");
        }

        Assert.IsLessThan(5.0, lightness[0]);
        Assert.IsGreaterThan(225.0, lightness[^1]);
    }

    [TestMethod]
    public void BlueWhiteRedHasOneGreyForEqualMagnitudes()
    {
        double[] lightness = [.. Enumerable.Range(0, 256).Select(i => ColorVision.Lab(ColorMap.BlueWhiteRed.At(i / 255.0)).L)];
        for (int i = 0; i < 128; i++)
        {
            Assert.AreEqual(lightness[i], lightness[255 - i], 3.0, $"entries {i} and {255 - i}");
            double even = 30 + (66 * i / 127.5);
            Assert.AreEqual(even, lightness[i], 3.0, $"entry {i}");
        }

        (byte red, byte green, byte blue) = ColorMap.BlueWhiteRed.At(0.5);
        Assert.IsLessThan(3, Math.Max(red, Math.Max(green, blue)) - Math.Min(red, Math.Min(green, blue)), "zero has no hue");
    }

    /// <summary>CIELAB distances; about 2 can be seen side by side, 10 and more at a glance.</summary>
    [TestMethod]
    [DataRow(ColorVision.Normal, 56, 104)]
    [DataRow(ColorVision.Deuteranopia, 55, 103)]
    [DataRow(ColorVision.Protanopia, 45, 82)]
    [DataRow(ColorVision.Tritanopia, 58, 103)]
    public void SignsDifferForEveryKindOfColorVision(string vision, double atAQuarter, double atHalf)
    {
        double Apart(double magnitude) => Step(vision, ColorMap.BlueWhiteRed, 0.5 - (magnitude / 2), 0.5 + (magnitude / 2));
        Assert.IsGreaterThan(atAQuarter, Apart(0.25));
        Assert.IsGreaterThan(atHalf, Apart(0.5));
    }

    /// <summary>A fifth of the scale is a clear step anywhere on the scale.</summary>
    [TestMethod]
    [DataRow(ColorVision.Normal)]
    [DataRow(ColorVision.Deuteranopia)]
    [DataRow(ColorVision.Protanopia)]
    [DataRow(ColorVision.Tritanopia)]
    [DataRow(ColorVision.Greyscale)]
    public void MagnitudesDifferForEveryKindOfColorVision(string vision)
    {
        for (int i = 0; i + 51 < 256; i++)
        {
            (double from, double to) = (i / 255.0, (i + 51) / 255.0);
            Assert.IsGreaterThan(9, Step(vision, ColorMap.Inferno, from, to), $"inferno at {i}");
            Assert.IsGreaterThan(9, Step(vision, ColorMap.BlueWhiteRed, (1 + from) / 2, (1 + to) / 2), $"blue-white-red, positive, at {i}");
            Assert.IsGreaterThan(9, Step(vision, ColorMap.BlueWhiteRed, (1 - from) / 2, (1 - to) / 2), $"blue-white-red, negative, at {i}");
        }
    }

    [TestMethod]
    public void InfernoIsTheKnownOne()
    {
        (int Entry, (byte Red, byte Green, byte Blue) Color)[] known = // of matplotlib's table
        [
            (0, (0, 0, 4)), (20, (16, 9, 45)), (64, (87, 16, 110)), (100, (144, 37, 104)),
            (128, (188, 55, 84)), (148, (215, 75, 63)), (200, (251, 157, 7)), (244, (241, 241, 121)), (255, (252, 255, 164)),
        ];
        foreach ((int entry, (byte red, byte green, byte blue)) in known)
        {
            (byte Red, byte Green, byte Blue) found = ColorMap.Inferno.At(entry / 255.0);
            Assert.AreEqual(red, found.Red, 2.0, $"entry {entry}");
            Assert.AreEqual(green, found.Green, 2.0, $"entry {entry}");
            Assert.AreEqual(blue, found.Blue, 2.0, $"entry {entry}");
        }
    }

    [TestMethod]
    [DataRow(-3.0, 0.0)]
    [DataRow(7.0, 1.0)]
    [DataRow(double.NaN, 0.0)]
    public void ValuesOutsideCountAsTheNearerEnd(double position, double end)
        => Assert.AreEqual(ColorMap.Inferno.At(end), ColorMap.Inferno.At(position));

    private static double Step(string vision, ColorMap map, double from, double to)
        => ColorVision.Distance(ColorVision.Seen(vision, map.At(from)), ColorVision.Seen(vision, map.At(to)));

    private static double Lightness((byte Red, byte Green, byte Blue) color)
        => (0.2126 * color.Red) + (0.7152 * color.Green) + (0.0722 * color.Blue);
}
