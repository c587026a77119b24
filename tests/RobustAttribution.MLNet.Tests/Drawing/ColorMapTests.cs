
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
    public void CoolWarmIsBlueGreyRed()
    {
        (byte Red, byte Green, byte Blue) low = ColorMap.CoolWarm.At(0), middle = ColorMap.CoolWarm.At(0.5), high = ColorMap.CoolWarm.At(1);
        Assert.AreEqual<(byte, byte, byte)>((59, 76, 192), low);
        Assert.AreEqual<(byte, byte, byte)>((180, 4, 38), high);
        Assert.IsLessThan(8, Math.Abs(middle.Red - middle.Blue));
        Assert.IsGreaterThan(200.0, Lightness(middle));
    }

    [TestMethod]
    [DataRow(-3.0, 0.0)]
    [DataRow(7.0, 1.0)]
    [DataRow(double.NaN, 0.0)]
    public void ValuesOutsideCountAsTheNearerEnd(double position, double end) => Assert.AreEqual(ColorMap.Inferno.At(end), ColorMap.Inferno.At(position));

    private static double Lightness((byte Red, byte Green, byte Blue) color) => (0.2126 * color.Red) + (0.7152 * color.Green) + (0.0722 * color.Blue);
}
