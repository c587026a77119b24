using Microsoft.ML.Data;
using static StandIns.Tests.Images.PictureBytes;

namespace StandIns.Tests.Images;

[TestClass]
public sealed class MLImageTests
{
    // Three columns, so that a bitmap row has padding; two rows, so that upside down shows.
    private static readonly byte[] s_colors = [10, 20, 30, 40, 50, 60, 70, 80, 90, 200, 150, 100, 0, 255, 128, 255, 0, 1];

    [TestMethod]
    public void ABitmapDecodesPixelByPixel() => AssertColors(Bmp(3, 2, s_colors));

    [TestMethod]
    public void APngDecodesPixelByPixel() => AssertColors(Png(3, 2, PngColor.Rgb, s_colors));

    [TestMethod]
    public void AGrayPngHasEqualColors()
    {
        using var image = MLImage.CreateFromStream(new MemoryStream(Png(2, 2, PngColor.Gray, [0, 85, 170, 255])));
        for (var i = 0; i < 4; i++)
            Assert.AreEqual((i * 85, i * 85, i * 85, 255), At(image, i % 2, i / 2));
    }

    [TestMethod]
    public void ATransparentPngIsHeldPremultipliedAndGivenBackStraight()
    {
        using var image = MLImage.CreateFromStream(new MemoryStream(Png(2, 1, PngColor.Rgba, [200, 100, 50, 102, 9, 8, 7, 255])));
        Assert.AreEqual((80, 40, 20, 102), At(image, 0, 0)); // 102/255 = 0.4
        Assert.AreEqual((9, 8, 7, 255), At(image, 1, 0));
        CollectionAssert.AreEqual(new byte[] { 50, 100, 200, 7, 8, 9 }, image.GetBGRPixels);
    }

    [TestMethod]
    public void AStreamIsReadFromWhereItStands()
    {
        using var stream = new MemoryStream([1, 2, 3, .. Bmp(3, 2, s_colors)]) { Position = 3 };
        using var image = MLImage.CreateFromStream(stream);
        Assert.AreEqual(3, image.Width);
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void PixelsComeBackAsTheyWereGiven(MLPixelFormat format)
    {
        var pixels = Enumerable.Range(0, 24).Select(i => (byte)(i % 4 == 3 ? 255 : i * 7)).ToArray();
        using var image = MLImage.CreateFromPixels(2, 3, format, pixels);
        pixels[0] = 99; // the picture has a copy
        Assert.AreEqual(format, image.PixelFormat);
        Assert.AreEqual(2, image.Width);
        Assert.AreEqual(3, image.Height);
        Assert.AreEqual(32, image.BitsPerPixel);
        Assert.AreEqual(0, image.Pixels[0]);
        CollectionAssert.AreEqual(pixels[1..], image.Pixels[1..].ToArray());
        var (r, g, b, _) = At(image, 1, 2);
        CollectionAssert.AreEqual(new[] { (byte)b, (byte)g, (byte)r }, image.GetBGRPixels[^3..]);
    }

    [TestMethod]
    public void WrongPixelsAreRefused()
    {
        var four = new byte[4];
        Assert.AreEqual("pixelFormat", Refused(1, 1, MLPixelFormat.Unknown));
        Assert.AreEqual("width", Refused(0, 1, MLPixelFormat.Bgra32));
        Assert.AreEqual("height", Refused(1, -1, MLPixelFormat.Bgra32));
        Assert.IsNull(Refused(1, 2, MLPixelFormat.Bgra32));

        string? Refused(int width, int height, MLPixelFormat format) =>
            Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromPixels(width, height, format, four)).ParamName;
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void ASavedPngIsTheSamePicture(MLPixelFormat format)
    {
        using var folder = new TemporaryFolder();
        using var image = Opaque(5, 4, format, (x, y) => (x * 50, y * 60, x * y));
        image.Save(folder.File("a.PNG"));
        using var read = MLImage.CreateFromFile(folder.File("a.PNG"));
        AssertSame(image, read, tolerance: 0);
    }

    [TestMethod]
    public void ASavedTransparentPngKeepsAlphaAndColors()
    {
        using var folder = new TemporaryFolder();
        using var image = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, [20, 40, 80, 102]);
        image.Save(folder.File("a.png"));
        using var read = MLImage.CreateFromFile(folder.File("a.png"));
        AssertSame(image, read, tolerance: 0);
        CollectionAssert.AreEqual(new byte[] { 50, 100, 200 }, read.GetBGRPixels);
    }

    [TestMethod]
    [DataRow("a.jpg")]
    [DataRow("a.jpeg")]
    public void ASavedJpegIsNearlyTheSamePicture(string name)
    {
        using var folder = new TemporaryFolder();
        using var image = Opaque(24, 16, MLPixelFormat.Rgba32, (x, y) => (x * 5, y * 6, 100));
        image.Save(folder.File(name));
        Assert.AreEqual(0xFF, File.ReadAllBytes(folder.File(name))[0]);
        using var read = MLImage.CreateFromFile(folder.File(name));
        AssertSame(image, read, tolerance: 6);
    }

    [TestMethod]
    [DataRow("a.bmp", DisplayName = "known, but there is no encoder for it")]
    [DataRow("a.gif", DisplayName = "known, but there is no encoder for it either")]
    [DataRow("a.txt", DisplayName = "not an image format")]
    [DataRow("a", DisplayName = "no extension")]
    public void OtherFilesAreNotWritten(string name)
    {
        using var folder = new TemporaryFolder();
        using var image = Opaque(1, 1, MLPixelFormat.Bgra32, (_, _) => (1, 2, 3));
        var error = Assert.ThrowsExactly<ArgumentException>(() => image.Save(folder.File(name)));
        Assert.AreEqual("imagePath", error.ParamName);
        Assert.IsFalse(File.Exists(folder.File(name)));
    }

    [TestMethod]
    public void WhatIsNotAPictureIsRefused()
    {
        using var folder = new TemporaryFolder();
        var noise = Enumerable.Range(0, 500).Select(i => (byte)(i * 37)).ToArray();
        byte[] pngHeadOnly = [.. Png(3, 2, PngColor.Rgb, s_colors)[..8], .. noise];
        foreach (var bytes in new[] { [], noise, "BM"u8.ToArray(), pngHeadOnly })
        {
            Assert.AreEqual("imageStream", Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromStream(new MemoryStream(bytes))).ParamName);
            var path = folder.Write("broken.png", bytes);
            Assert.AreEqual("imagePath", Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromFile(path)).ParamName);
        }

        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromFile(folder.File("missing.png")));
        Assert.ThrowsExactly<ArgumentException>(() => MLImage.CreateFromFile(""));
        Assert.ThrowsExactly<ArgumentNullException>(() => MLImage.CreateFromFile(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => MLImage.CreateFromStream(null!));
    }

    [TestMethod]
    public void ADisposedImageSaysSo()
    {
        var image = Opaque(1, 1, MLPixelFormat.Bgra32, (_, _) => (1, 2, 3));
        image.Tag = "name";
        Assert.AreEqual("name", image.Tag);
        image.Dispose();
        image.Dispose();
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Width);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Height);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.BitsPerPixel);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.PixelFormat);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Pixels.Length);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.GetBGRPixels);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Tag);
        Assert.ThrowsExactly<InvalidOperationException>(() => image.Save("a.png"));
    }

    private static void AssertColors(byte[] file)
    {
        using var image = MLImage.CreateFromStream(new MemoryStream(file));
        Assert.AreEqual(3, image.Width);
        Assert.AreEqual(2, image.Height);
        for (var i = 0; i < 6; i++)
        {
            Assert.AreEqual((s_colors[3 * i], s_colors[(3 * i) + 1], s_colors[(3 * i) + 2], 255), At(image, i % 3, i / 3), $"pixel {i}");
            CollectionAssert.AreEqual(s_colors[(3 * i)..(3 * i + 3)].Reverse().ToArray(), image.GetBGRPixels[(3 * i)..(3 * i + 3)]);
        }
    }

    private static void AssertSame(MLImage expected, MLImage actual, int tolerance)
    {
        Assert.AreEqual((expected.Width, expected.Height), (actual.Width, actual.Height));
        for (var i = 0; i < expected.Width * expected.Height; i++)
        {
            var (e, a) = (At(expected, i % expected.Width, i / expected.Width), At(actual, i % expected.Width, i / expected.Width));
            var difference = new[] { e.R - a.R, e.G - a.G, e.B - a.B, e.A - a.A }.Max(Math.Abs);
            Assert.IsTrue(difference <= tolerance, $"pixel {i}: {e} and {a}");
        }
    }
}
