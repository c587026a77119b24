using Microsoft.ML.Data;
using RobustAttribution.MLNet.Drawing;
using SkiaSharp;

namespace RobustAttribution.MLNet.Tests.Reporting;

[TestClass]
public sealed class LetteringTests
{
    [TestMethod]
    [DataRow("τ 0.44")]
    [DataRow("Ångström, Чашка, γ ≥ 0.5 → ∞")]
    public void TextLeavesInkWhereItIsWrittenAndNowhereElse(string text)
    {
        Lettering font = Lettering.Text;
        int width = font.Measure(text), ink = 0;
        using MLImage page = Page.Draw(width + 40, 60, canvas => font.Write(canvas, 10, 20, text, SKColors.Black));
        for (int at = 0; at < page.Pixels.Length; at += 4)
        {
            if (page.Pixels[at] < 255)
            {
                ink++;
                (int y, int x) = Math.DivRem(at / 4, page.Width);
                Assert.IsTrue(x >= 10 && x < 10 + width && y >= 20 && y < 20 + font.LineHeight, $"ink at ({x}, {y})");
            }
        }

        Assert.IsGreaterThan(60, ink);
    }

    [TestMethod]
    [DataRow("plain ß τ 漢 🐈", "plain ß τ 漢 🐈")]
    [DataRow("a\u0007b\nc\td\u007F\u0000\u0085", "a\\u0007b\\u000ac\\u0009d\\u007f\\u0000\\u0085")]
    [DataRow(new[] { 'x', '\uD83D', 'y', '\uDC08' }, "x\\ud83dy\\udc08")]
    [DataRow(new[] { '\uDC08', '\uD83D' }, "\\udc08\\ud83d")]
    public void WhatCannotBeSeenIsEscaped(object text, string expected)
    {
        string raw = text as string ?? new string((char[])text);
        Assert.AreEqual(expected, VisibleText.Of(raw));
        Assert.AreEqual(Lettering.Text.Measure(expected), Lettering.Text.Measure(raw));
        Assert.AreEqual(expected, Lettering.Text.Fit(raw, 10_000));
        int width = Lettering.Text.Measure(expected) + 20;
        byte[] Drawn(string what) => Page.Draw(width, 40, canvas => Lettering.Text.Write(canvas, 10, 10, what, SKColors.Black)).Pixels.ToArray();
        CollectionAssert.AreEqual(Drawn(expected), Drawn(raw));
    }

    [TestMethod]
    public void TheFontHasTheCharactersOfCaptions()
    {
        string box = Draw("漢"), unknown = Draw("字");
        Assert.AreEqual(box, unknown, "the font's box");
        foreach (char character in "aZ09ÄßéñőžΩγτЖя×÷±·°–—…←↑→↓≤≥≈∞∑∂²³½€")
        {
            Assert.AreNotEqual(box, Draw(character.ToString()), character.ToString());
        }
    }

    [TestMethod]
    public void TextIsShortenedToTheWidth()
    {
        string fitted = Lettering.Text.Fit("a rather long class name", 80);
        Assert.EndsWith("…", fitted);
        Assert.IsLessThanOrEqualTo(80, Lettering.Text.Measure(fitted));
        Assert.AreEqual("short", Lettering.Text.Fit("short", 80));
        Assert.AreEqual(string.Empty, Lettering.Text.Fit("x", 1));
        for (int width = 26; width < 60; width++)
        {
            string shortened = Lettering.Text.Fit("😀😀😀😀😀😀😀😀😀😀", width); // not in the middle of a character, or nothing would be drawn
            Assert.EndsWith("…", shortened);
            Assert.AreEqual(0, shortened.Count(char.IsSurrogate) % 2, shortened);
        }
    }

    [TestMethod]
    public void TitlesAreLarger()
    {
        Assert.IsGreaterThan(1.6 * Lettering.Text.Measure("saliency"), Lettering.Title.Measure("saliency"));
        Assert.IsGreaterThan(Lettering.Text.LineHeight, Lettering.Title.LineHeight);
    }

    private static string Draw(string text)
    {
        using MLImage page = Page.Draw(24, 24, canvas => Lettering.Text.Write(canvas, 2, 2, text, SKColors.Black));
        return Convert.ToHexString(page.Pixels);
    }
}
