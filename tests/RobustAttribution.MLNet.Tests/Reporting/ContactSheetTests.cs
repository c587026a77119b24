using Microsoft.ML.Data;
using RobustAttribution.MLNet.Reporting;

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
        int rowHeight = 40 + 4 + GlyphAtlas.Text.LineHeight + 14;
        Assert.AreEqual(2 * rowHeight, three.Height - one.Height);
    }

    [TestMethod]
    public void ThePictureIsOnThePage()
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
    public void ARowWithTheWrongNumberOfCellsIsRefused()
    {
        var sheet = new ContactSheet("title") { Columns = ["a", "b"] };
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => sheet.Add("boot", [Red()]));
        StringAssert.Contains(error.Message, "'boot' has 1 cells; the sheet has 2 columns");
    }

    [TestMethod]
    public void AnEmptySheetIsRefused() => Assert.ThrowsExactly<InvalidOperationException>(() => new ContactSheet("title") { Columns = ["a"] }.Render());

    private static ContactSheet Sheet(int rows)
    {
        var sheet = new ContactSheet("title") { Columns = ["picture"], CellSize = 40 };
        for (int i = 0; i < rows; i++)
        {
            sheet.Add("boot", [Red("caption")]);
        }

        return sheet;
    }

    private static ContactSheetCell Red(params string[] captions) => ContactSheetCell.Picture([1, 0, 0], 3, 1, 1, captions);
}
