using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using static Microsoft.ML.Transforms.Image.ImageResizingEstimator;
using static StandIns.Tests.Images.ImageColumns;
using static StandIns.Tests.Images.PictureBytes;

namespace StandIns.Tests.Images;

[TestClass]
public sealed class ImageResizingTests
{
    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void FillRepeatsPixels(MLPixelFormat format)
    {
        var source = Opaque(8, 4, format, (x, y) => (x * 30, y * 60, 7));
        Resize(source, 16, 12, ResizingKind.Fill, image =>
        {
            Assert.AreEqual("tag", image.Tag);
            for (var y = 0; y < 12; y++)
            {
                for (var x = 0; x < 16; x++)
                    Assert.AreEqual((x / 2 * 30, y / 3 * 60, 7, 255), At(image, x, y));
            }
        });
    }

    [TestMethod]
    public void FillShrinksToPixelsOfTheSource()
    {
        var source = Opaque(8, 4, MLPixelFormat.Bgra32, (x, y) => (x * 30, y * 60, 7));
        Resize(source, 4, 1, ResizingKind.Fill, image =>
        {
            for (var x = 0; x < 4; x++)
            {
                var (r, g, _, _) = At(image, x, 0);
                Assert.IsTrue(r == x * 60 || r == (x * 60) + 30, $"red {r} in column {x}");
                Assert.IsTrue(g is 60 or 120, $"green {g}");
            }
        });
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void PadKeepsTheWholePictureInTheMiddle(MLPixelFormat format)
    {
        var source = Opaque(8, 4, format, (_, _) => (200, 100, 50));
        Resize(source, 4, 4, ResizingKind.IsoPad, image =>
        {
            for (var x = 0; x < 4; x++)
            {
                foreach (var y in new[] { 0, 3 })
                {
                    var (r, g, b, _) = At(image, x, y);
                    Assert.AreEqual((0, 0, 0), (r, g, b));
                }

                foreach (var y in new[] { 1, 2 })
                    Near((200, 100, 50), At(image, x, y));
            }
        });
    }

    [TestMethod]
    [DataRow(Anchor.Left, "RRRR")]
    [DataRow(Anchor.Right, "BBBB")]
    [DataRow(Anchor.Center, "RRBB")]
    [DataRow(Anchor.Top, "RRBB", DisplayName = "an anchor of the other axis counts as the centre")]
    public void CropCutsTheSidesOffAWidePicture(Anchor anchor, string columns)
    {
        var source = Opaque(8, 4, MLPixelFormat.Bgra32, (x, _) => x < 4 ? (250, 0, 0) : (0, 0, 250));
        Resize(source, 4, 4, ResizingKind.IsoCrop, image =>
        {
            for (var x = 0; x < 4; x++)
                Near(columns[x] == 'R' ? (250, 0, 0) : (0, 0, 250), At(image, x, 2));
        }, anchor);
    }

    [TestMethod]
    [DataRow(Anchor.Top, 0)]
    [DataRow(Anchor.Bottom, 2)]
    [DataRow(Anchor.Center, 1)]
    [DataRow(Anchor.Left, 1)]
    public void CropCutsTopOrBottomOffATallPicture(Anchor anchor, int firstRow)
    {
        var source = Opaque(8, 4, MLPixelFormat.Rgba32, (_, y) => (y * 60, 0, 10));
        Resize(source, 8, 2, ResizingKind.IsoCrop, image =>
        {
            for (var y = 0; y < 2; y++)
                Near(((firstRow + y) * 60, 0, 10), At(image, 5, y));
        }, anchor);
    }

    [TestMethod]
    [DataRow(ResizingKind.IsoCrop)]
    [DataRow(ResizingKind.IsoPad)]
    public void SmoothPicturesKeepTheirMeanColor(ResizingKind kind)
    {
        var source = Opaque(64, 64, MLPixelFormat.Bgra32, (x, y) => (x * 4, y * 4, (x + y) * 2));
        var context = new MLContext(1);
        foreach (var size in new[] { 16, 32, 128, 37 })
        {
            using var image = Fitted(context, source, size, kind);
            Assert.AreEqual((size, size), (image.Width, image.Height));
            var pixels = Enumerable.Range(0, size * size).Select(i => At(image, i % size, i / size)).ToList();
            Assert.AreEqual(126, pixels.Average(p => p.R), 3);
            Assert.AreEqual(126, pixels.Average(p => p.G), 3);
            Assert.AreEqual(126, pixels.Average(p => p.B), 3);
            Assert.IsTrue(pixels.All(p => p.A == 255));
            Assert.IsTrue(At(image, 0, size / 2).R < 30 && At(image, size - 1, size / 2).R > 222, "left is dark, right is light");
        }
    }

    [TestMethod]
    public void TheColumnsTypeHasTheSize()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new Picture8x4 { Image = Opaque(8, 4, MLPixelFormat.Bgra32, (_, _) => (1, 2, 3)) }]);
        var type = context.Transforms.ResizeImages("Small", 3, 2, "Image").Fit(data).Transform(data).Schema["Small"].Type;
        Assert.IsTrue(type.Equals(new ImageDataViewType(height: 2, width: 3)));
        Assert.IsFalse(type.Equals(new ImageDataViewType(3, 2)));
        Assert.IsFalse(type.Equals(new ImageDataViewType()));
        Assert.AreEqual("Image<2, 3>", type.ToString());
        Assert.AreEqual("Image", new ImageDataViewType().ToString());
    }

    [TestMethod]
    public void WrongArgumentsAreRefused()
    {
        var context = new MLContext(1);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ResizeImages("Image", 0, 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ResizeImages("Image", 1, -1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ResizeImages("Image", 1, 1, resizing: (ResizingKind)9));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ResizeImages("Image", 1, 1, cropAnchor: (Anchor)9));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImageDataViewType(0, 3));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImageDataViewType(int.MaxValue / 4, 2));
        var data = Paths(context, "a");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ResizeImages("Path", 1, 1).Fit(data)).Message, "Path");
    }

    private static void Near((int R, int G, int B) expected, (int R, int G, int B, int A) actual)
    {
        var difference = Math.Max(Math.Abs(expected.R - actual.R), Math.Max(Math.Abs(expected.G - actual.G), Math.Abs(expected.B - actual.B)));
        Assert.IsTrue(difference <= 2, $"{expected} and {actual}");
    }

    private static void Resize(MLImage source, int width, int height, ResizingKind kind, Action<MLImage> check, Anchor anchor = Anchor.Center)
    {
        source.Tag = "tag";
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new Picture8x4 { Image = source }]);
        var resized = context.Transforms.ResizeImages("Image", width, height, resizing: kind, cropAnchor: anchor).Fit(data).Transform(data);
        var rows = Read(resized, "Image", image =>
        {
            Assert.AreEqual((width, height), (image!.Width, image.Height));
            check(image);
            return 0;
        });
        Assert.AreEqual(1, rows.Count);
    }

    private static MLImage Fitted(MLContext context, MLImage source, int size, ResizingKind kind)
    {
        var data = context.Data.LoadFromEnumerable([new Picture64x64 { Image = source }]);
        var resized = context.Transforms.ResizeImages("Image", size, size, resizing: kind).Fit(data).Transform(data);
        return Read(resized, "Image", image => MLImage.CreateFromPixels(image!.Width, image.Height, image.PixelFormat, image.Pixels)).Single();
    }
}
