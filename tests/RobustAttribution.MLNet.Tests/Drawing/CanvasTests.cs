using Microsoft.ML.Data;
using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class CanvasTests
{
    private static readonly (byte, byte, byte) White = (255, 255, 255);

    [TestMethod]
    public void PngBytesDecodeToThePixelsDrawn()
    {
        var canvas = new Canvas(5, 3, (10, 20, 30));
        canvas[4, 2] = (200, 100, 50);
        using var stream = new MemoryStream(PngEncoder.Encode(canvas));
        using MLImage image = MLImage.CreateFromStream(stream);

        Assert.AreEqual((5, 3), (image.Width, image.Height));
        bool blueFirst = image.PixelFormat == MLPixelFormat.Bgra32;
        for (int y = 0; y < 3; y++)
        {
            for (int x = 0; x < 5; x++)
            {
                ReadOnlySpan<byte> pixel = image.Pixels.Slice(4 * ((5 * y) + x), 4);
                (byte, byte, byte) found = blueFirst ? (pixel[2], pixel[1], pixel[0]) : (pixel[0], pixel[1], pixel[2]);
                Assert.AreEqual(canvas[x, y], found, $"({x}, {y})");
            }
        }
    }

    [TestMethod]
    public void TextLeavesInkWhereItIsWrittenAndNowhereElse()
    {
        GlyphAtlas font = GlyphAtlas.Text;
        var canvas = new Canvas(120, 60, White);
        canvas.Write(10, 20, "τ 0.44", (0, 0, 0));
        int width = font.Measure("τ 0.44");
        int ink = 0;
        for (int y = 0; y < canvas.Height; y++)
        {
            for (int x = 0; x < canvas.Width; x++)
            {
                if (canvas[x, y] != White)
                {
                    ink++;
                    Assert.IsTrue(x >= 10 && x < 10 + width && y >= 20 && y < 20 + font.LineHeight, $"ink at ({x}, {y})");
                }
            }
        }

        Assert.IsGreaterThan(60, ink);
    }

    [TestMethod]
    public void WhatFallsOutsideIsLeftOut()
    {
        var canvas = new Canvas(4, 4, White);
        canvas.Fill(-2, -2, 4, 4, (0, 0, 0));
        canvas.Write(-40, -40, "W", (9, 9, 9));
        canvas.Write(90, 90, "W", (9, 9, 9));
        Assert.AreEqual((0, 0, 0), ((int)canvas[1, 1].Red, (int)canvas[1, 1].Green, (int)canvas[1, 1].Blue));
        Assert.AreEqual(White, canvas[2, 2]);
        Assert.AreEqual(White, canvas[3, 3]);
    }

    [TestMethod]
    public void TextIsShortenedToTheWidth()
    {
        string fitted = GlyphAtlas.Text.Fit("a rather long class name", 80);
        Assert.EndsWith("…", fitted);
        Assert.IsLessThanOrEqualTo(80, GlyphAtlas.Text.Measure(fitted));
        Assert.AreEqual("short", GlyphAtlas.Text.Fit("short", 80));
        Assert.AreEqual(string.Empty, GlyphAtlas.Text.Fit("x", 1));
    }

    [TestMethod]
    public void CharactersTheFontLacksAreDrawnAsTheReplacement() => Assert.AreSame(GlyphAtlas.Text.Of('\uFFFD'), GlyphAtlas.Text.Of('漢'));
}
