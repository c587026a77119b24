using Microsoft.ML.Data;
using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class ContactSheetTests
{
    [TestMethod]
    public void EveryRowAddsItsHeight()
    {
        using MLImage one = Sheet(1).Render();
        using MLImage three = Sheet(3).Render();
        Assert.AreEqual(one.Width, three.Width);
        int rowHeight = 40 + 4 + Lettering.Text.LineHeight + 14;
        Assert.AreEqual(2 * rowHeight, three.Height - one.Height);
    }

    [TestMethod]
    public void TheImageIsOnThePage()
    {
        using MLImage page = Sheet(1).Render();
        int red = 0;
        for (int i = 0; i < page.Pixels.Length; i += 4)
        {
            (byte first, byte green, byte third) = (page.Pixels[i], page.Pixels[i + 1], page.Pixels[i + 2]);
            byte redValue = page.PixelFormat == MLPixelFormat.Bgra32 ? third : first;
            red += redValue == 255 && green == 0 && (first == 0 || third == 0) ? 1 : 0;
        }

        Assert.AreEqual(40 * 40, red);
    }

    [TestMethod]
    public void TheColourBarRunsFromTheFirstColourToTheLast()
    {
        using MLImage without = Sheet(1).Render();
        using MLImage page = Sheet(1, new ColorBar(ColorMap.BlueWhiteRed, "−1", "1")).Render();
        Assert.AreEqual(Lettering.Text.LineHeight + 14, page.Height - without.Height);
        int y = page.Height - 24 - 14 - (Lettering.Text.LineHeight / 2);
        int left = 24 + Lettering.Text.Measure("−1") + 14;
        Assert.AreEqual(ColorMap.BlueWhiteRed.At(0), ColorAt(page, left, y));
        Assert.AreEqual(ColorMap.BlueWhiteRed.At(1), ColorAt(page, left + 191, y));
        Assert.AreEqual(ColorMap.BlueWhiteRed.At(96 / 191.0), ColorAt(page, left + 96, y));
    }

    [TestMethod]
    public void TheColourBarOfAScaleNamesItsEnds()
    {
        Assert.AreEqual(new ColorBar(ColorMap.Inferno, "0", "≥ 0.0123"), ColorBar.UpTo(ColorMap.Inferno, 0.012345));
        Assert.AreEqual(new ColorBar(ColorMap.BlueWhiteRed, "≤ -12.3", "≥ 12.3"), ColorBar.UpTo(ColorMap.BlueWhiteRed, 12.345));
        float[] map = [.. Enumerable.Range(1, 100).Select(i => (float)i), 1e6f];
        Assert.AreEqual("≥ 100", ColorBar.UpTo(ColorMap.Inferno, SaliencyImage.ClipValue(map)).High);
        Assert.ThrowsExactly<ArgumentNullException>(() => ColorBar.UpTo(null!, 1));
    }

    [TestMethod]
    public void AClippedMapShowsWhatAHotPixelWouldHide()
    {
        float[] map = [10_000, 1, 2, 4];
        var sheet = new ContactSheet("t") { Columns = ["all", "clipped", "overlay"], CellSize = 40 };
        double clip = SaliencyImage.ClipValue(map);
        sheet.Add(
            string.Empty,
            [
                ContactSheetCell.Map(map, 1, 4),
                ContactSheetCell.Map(map, 1, 4, clip),
                ContactSheetCell.Overlay([0, 0, 0, 0], 1, map, 1, 4, clip),
            ]);
        using MLImage page = sheet.Render();
        int y = page.Height - 24 - 14 - 4 - 20;
        (byte, byte, byte)[] Cell(int column) => [.. Enumerable.Range(0, 4).Select(x => ColorAt(page, 24 + 14 + (54 * column) + (10 * x) + 5, y))];
        (byte, byte, byte)[] all = Cell(0), clipped = Cell(1), overlay = Cell(2);
        Assert.AreEqual(ColorMap.Inferno.At(1), all[0]);
        Assert.AreEqual(all[1], all[2], "hidden by the hot pixel");
        CollectionAssert.AreEqual(new[] { 1, 0.25, 0.5, 1 }.Select(ColorMap.Inferno.At).ToArray(), clipped);
        Assert.HasCount(3, overlay.Distinct().ToArray());
        Assert.AreEqual(overlay[0], overlay[3]);
    }

    [TestMethod]
    public void CellsShowOverlayMaskAndPerturbation()
    {
        var sheet = new ContactSheet("t") { Columns = ["a", "b", "c"], CellSize = 40 };
        sheet.Add(
            string.Empty,
            [
                ContactSheetCell.Overlay([0.4f], 1, [0], 1, 1),
                ContactSheetCell.Masked([1, 1], 1, [0, 1], 1, 2, 0.5),
                ContactSheetCell.Perturbation([0.1f], 1, 1, 1, magnification: 3),
            ]);
        using MLImage page = sheet.Render();
        int y = page.Height - 24 - 14 - 4 - 20; // the middle of the only row
        int left = 24 + 14;
        Assert.AreEqual(((byte)102, (byte)102, (byte)102), ColorAt(page, left + 20, y)); // where the map is 0: the image
        Assert.AreEqual(((byte)128, (byte)128, (byte)128), ColorAt(page, left + 54 + 10, y)); // masked
        Assert.AreEqual(((byte)255, (byte)255, (byte)255), ColorAt(page, left + 54 + 30, y)); // left
        Assert.AreEqual(((byte)204, (byte)204, (byte)204), ColorAt(page, left + 108 + 20, y)); // 0.5 + 3·0.1
    }

    [TestMethod]
    public void ARowWithTheWrongNumberOfCellsIsRefused()
    {
        var sheet = new ContactSheet("title") { Columns = ["a", "b"] };
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => sheet.Add("boot", [Red()]));
        StringAssert.Contains(error.Message, "'boot' has 1 cells; the sheet has 2 columns");
    }

    [TestMethod]
    public void AnEmptySheetIsRefused()
        => Assert.ThrowsExactly<InvalidOperationException>(() => new ContactSheet("title") { Columns = ["a"] }.Render());

    private static (byte, byte, byte) ColorAt(MLImage image, int x, int y)
    {
        ReadOnlySpan<byte> pixel = image.Pixels.Slice(((y * image.Width) + x) * 4, 4);
        return image.PixelFormat == MLPixelFormat.Bgra32 ? (pixel[2], pixel[1], pixel[0]) : (pixel[0], pixel[1], pixel[2]);
    }

    private static ContactSheet Sheet(int rows, ColorBar? bar = null)
    {
        var sheet = new ContactSheet("title") { Columns = ["image"], CellSize = 40, ColorBar = bar };
        for (int i = 0; i < rows; i++)
        {
            sheet.Add("boot", [Red("caption")]);
        }

        return sheet;
    }

    private static ContactSheetCell Red(params string[] captions) => ContactSheetCell.Image([1, 0, 0], 3, 1, 1, captions);
}
