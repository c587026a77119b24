using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class SaliencyImageTests
{
    [TestMethod]
    public void AnUnsignedMapUsesInfernoUpToItsLargestValue()
    {
        using MLImage image = SaliencyImage.HeatMap([0, 1, 2, 4], 2, 2);
        CollectionAssert.AreEqual(Expected(ColorMap.Inferno, 0, 0.25, 0.5, 1), Colors(image));
    }

    [TestMethod]
    public void ASignedMapHasZeroInTheMiddle()
    {
        using MLImage image = SaliencyImage.HeatMap([-2, 0, 1, 2], 2, 2);
        CollectionAssert.AreEqual(Expected(ColorMap.BlueWhiteRed, 0, 0.5, 0.75, 1), Colors(image));
    }

    [TestMethod]
    public void AGivenScaleMakesMapsComparable()
    {
        using MLImage image = SaliencyImage.HeatMap([0, 1, 2, 4], 2, 2, scale: 2);
        CollectionAssert.AreEqual(Expected(ColorMap.Inferno, 0, 0.5, 1, 1), Colors(image));
    }

    [TestMethod]
    public void AMapOfZerosIsDrawnDark()
    {
        using MLImage image = SaliencyImage.HeatMap([0, 0, 0, 0], 2, 2);
        CollectionAssert.AreEqual(Expected(ColorMap.Inferno, 0, 0, 0, 0), Colors(image));
    }

    [TestMethod]
    public void AImageKeepsItsChannelsApart()
    {
        using MLImage image = SaliencyImage.FromPixels([1, 0, 0, 1, 0, 0], 3, 1, 2);
        CollectionAssert.AreEqual(new[] { (255, 0, 0), (0, 255, 0) }, Colors(image));
    }

    [TestMethod]
    public void AnOverlayIsTheImageWhereTheMapIsZeroAndTheColourWhereItIsStrongest()
    {
        using MLImage image = SaliencyImage.Overlay([0.4f, 0.4f], 1, [0, 3], 1, 2, opacity: 1);
        List<(int, int, int)> colors = Colors(image);
        Assert.AreEqual((102, 102, 102), colors[0]);
        Assert.AreEqual(Expected(ColorMap.Inferno, 1)[0], colors[1]);
    }

    [TestMethod]
    public void AMaskLeavesTheMostSalientPixelsAndGreysTheOthers()
    {
        using MLImage image = SaliencyImage.Masked([1, 0, 0, 1], 1, [1, -3, 2, 1], 2, 2, share: 0.5); // magnitudes count
        CollectionAssert.AreEqual(new[] { (128, 128, 128), (0, 0, 0), (0, 0, 0), (128, 128, 128) }, Colors(image));
        using MLImage all = SaliencyImage.Masked([1, 0], 1, [0, 0], 1, 2, share: 1);
        CollectionAssert.AreEqual(new[] { (255, 255, 255), (0, 0, 0) }, Colors(all));
        using MLImage first = SaliencyImage.Masked([1, 1], 1, [5, 5], 1, 2, share: 0.5); // of equal values the first
        CollectionAssert.AreEqual(new[] { (255, 255, 255), (128, 128, 128) }, Colors(first));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => SaliencyImage.Masked([1], 1, [1], 1, 1, share: 1.5));
    }

    [TestMethod]
    public void AGridPutsImagesSideBySideInBlocks()
    {
        using MLImage red = SaliencyImage.FromPixels([1, 0, 0], 3, 1, 1);
        using MLImage blue = SaliencyImage.FromPixels([0, 0, 1], 3, 1, 1);
        using MLImage pair = SaliencyImage.Grid([red, blue], zoom: 2, gap: 1);
        (int, int, int) r = (255, 0, 0), b = (0, 0, 255), white = (255, 255, 255);
        Assert.AreEqual((5, 2), (pair.Width, pair.Height));
        CollectionAssert.AreEqual(new[] { r, r, white, b, b, r, r, white, b, b }, Colors(pair));
        using MLImage rows = SaliencyImage.Grid([red, blue, red], columns: 2, gap: 0);
        CollectionAssert.AreEqual(new[] { r, b, r, white }, Colors(rows));
        Assert.ThrowsExactly<ArgumentException>(() => SaliencyImage.Grid([]));
    }

    [TestMethod]
    public void AGridLaysTransparentImagesOnWhite()
    {
        using MLImage half = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, [20, 40, 80, 102]); // multiplied by alpha, 102/255
        using MLImage grid = SaliencyImage.Grid([half]);
        CollectionAssert.AreEqual(new[] { (80 + 153, 40 + 153, 20 + 153) }, Colors(grid));
    }

    [TestMethod]
    public void NotANumberIsDrawnAsZero()
    {
        using MLImage magnitudes = SaliencyImage.HeatMap([float.NaN, 1], 1, 2);
        CollectionAssert.AreEqual(Expected(ColorMap.Inferno, 0, 1), Colors(magnitudes));
        using MLImage signed = SaliencyImage.HeatMap([-1, float.NaN, float.NegativeInfinity], 1, 3);
        CollectionAssert.AreEqual(Expected(ColorMap.BlueWhiteRed, 0, 0.5, 0), Colors(signed));
        using MLImage overlay = SaliencyImage.Overlay([0.4f, 0.4f], 1, [float.NaN, 1], 1, 2);
        Assert.AreEqual((102, 102, 102), Colors(overlay)[0]);
    }

    [TestMethod]
    public void PngBytesDecodeToThePixelsDrawn()
    {
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 3 * 5 * 7).Select(_ => (float)random.NextDouble())];
        using MLImage image = SaliencyImage.FromPixels(values, 3, 5, 7);
        using var opaque = new MemoryStream(SaliencyImage.ToPng(image));
        using MLImage decoded = MLImage.CreateFromStream(opaque);
        Assert.AreEqual((7, 5), (decoded.Width, decoded.Height));
        CollectionAssert.AreEqual(Colors(image), Colors(decoded));

        using MLImage half = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Rgba32, [80, 40, 20, 102]);
        using var transparent = new MemoryStream(SaliencyImage.ToPng(half));
        using MLImage back = MLImage.CreateFromStream(transparent);
        CollectionAssert.AreEqual(new[] { (80, 40, 20) }, Colors(back));
        Assert.AreEqual(102, back.Pixels[3]);
        Assert.ThrowsExactly<ArgumentNullException>(() => SaliencyImage.ToPng(null!));
    }

    [TestMethod]
    public void WrongSizesAreNamed()
    {
        ArgumentException map = Assert.ThrowsExactly<ArgumentException>(() => SaliencyImage.HeatMap([1, 2, 3], 2, 2));
        StringAssert.Contains(map.Message, "map has 3 values; 2×2 = 4 are needed");
        ArgumentException channels = Assert.ThrowsExactly<ArgumentException>(() => SaliencyImage.FromPixels([1, 2], 2, 1, 1));
        StringAssert.Contains(channels.Message, "channels is 2; allowed are 1 (grey) and 3 (RGB)");
    }

    private static List<(int, int, int)> Expected(ColorMap map, params double[] positions)
        => [.. positions.Select(position => map.At(position)).Select(color => ((int)color.Red, (int)color.Green, (int)color.Blue))];

    private static List<(int, int, int)> Colors(MLImage image)
    {
        var colors = new List<(int, int, int)>();
        for (int i = 0; i < image.Pixels.Length; i += 4)
        {
            (int first, int green, int third) = (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]);
            colors.Add(image.PixelFormat == MLPixelFormat.Bgra32 ? (third, green, first) : (first, green, third));
        }

        return colors;
    }
}
