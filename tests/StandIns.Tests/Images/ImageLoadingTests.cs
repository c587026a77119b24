using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using static StandIns.Tests.Images.ImageColumns;
using static StandIns.Tests.Images.PictureBytes;

namespace StandIns.Tests.Images;

[TestClass]
public sealed class ImageLoadingTests
{
    private static readonly byte[] s_first = Bmp(2, 1, [1, 2, 3, 4, 5, 6]);
    private static readonly byte[] s_second = Png(1, 2, PngColor.Rgb, [9, 8, 7, 6, 5, 4]);

    private sealed class Number
    {
        public float Path { get; set; }
    }

    [TestMethod]
    public void PicturesComeFromTheFolderAndCarryTheirPath()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.bmp", s_first);
        folder.Write("b.png", s_second);
        var context = new MLContext(1);
        var data = Paths(context, "a.bmp", "b.png");
        var loaded = context.Transforms.LoadImages("Image", folder.Path, "Path").Fit(data).Transform(data);

        var type = Assert.IsInstanceOfType<ImageDataViewType>(loaded.Schema["Image"].Type);
        Assert.AreEqual((0, 0), (type.Height, type.Width));
        Assert.AreEqual(typeof(MLImage), type.RawType);
        var seen = Read(loaded, "Image", image => (image!.Width, image.Height, At(image, 0, 0), image.Tag));
        Assert.AreEqual((2, 1, (1, 2, 3, 255), folder.File("a.bmp")), seen[0]);
        Assert.AreEqual((1, 2, (9, 8, 7, 255), folder.File("b.png")), seen[1]);
    }

    [TestMethod]
    public void WithoutFolderThePathsStandForThemselves()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(1);
        var data = Paths(context, folder.Write("a.bmp", s_first));
        foreach (var none in new[] { null, "" })
        {
            var loaded = context.Transforms.LoadImages("Path", none).Fit(data).Transform(data);
            Assert.AreEqual(2, Read(loaded, "Path", image => image!.Width).Single());
        }
    }

    [TestMethod]
    public void NoNameIsNoPicture()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.bmp", s_first);
        var context = new MLContext(1);
        var data = Paths(context, "", "a.bmp");
        var loaded = context.Transforms.LoadImages("Image", folder.Path, "Path").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { true, false }, Read(loaded, "Image", image => image is null));
    }

    [TestMethod]
    public void BytesComeAsTheyAre()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.bmp", s_first);
        folder.Write("b.png", s_second);
        var context = new MLContext(1);
        var data = Paths(context, "a.bmp", "", "b.png");
        var loaded = context.Transforms.LoadRawImageBytes("Bytes", folder.Path, "Path").Fit(data).Transform(data);
        var type = Assert.IsInstanceOfType<VectorDataViewType>(loaded.Schema["Bytes"].Type);
        Assert.IsFalse(type.IsKnownSize);
        Assert.AreEqual(NumberDataViewType.Byte, type.ItemType);
        var bytes = Vectors<byte>(loaded, "Bytes");
        CollectionAssert.AreEqual(s_first, bytes[0]);
        Assert.AreEqual(0, bytes[1].Length);
        CollectionAssert.AreEqual(s_second, bytes[2]);
    }

    [TestMethod]
    public void BadFilesFailWhenTheirPictureIsAskedFor()
    {
        using var folder = new TemporaryFolder();
        folder.Write("broken.png", [1, 2, 3]);
        var context = new MLContext(1);
        var load = context.Transforms.LoadImages("Image", folder.Path, "Path");
        var data = Paths(context, "broken.png", "missing.png");
        var loaded = load.Fit(data).Transform(data);

        Assert.AreEqual(2, Read<ReadOnlyMemory<char>, int>(loaded, "Path", path => path.Length).Count);
        Assert.ThrowsExactly<ArgumentException>(() => Read(loaded, "Image", image => image!.Width));
        var missing = load.Fit(data).Transform(Paths(context, "missing.png"));
        var error = Assert.ThrowsExactly<FileNotFoundException>(() => Read(missing, "Image", image => image!.Width));
        Assert.AreEqual(folder.File("missing.png"), error.FileName);
    }

    [TestMethod]
    public void WrongColumnsAndFoldersAreRefused()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(1);
        Assert.ThrowsExactly<ArgumentException>(() => context.Transforms.LoadImages("Image", folder.File("no such folder"), "Path"));
        var data = context.Data.LoadFromEnumerable([new Number { Path = 1 }]);
        var estimator = context.Transforms.LoadImages("Image", folder.Path, "Path");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message, "Path");
        var other = context.Transforms.LoadImages("Image", folder.Path, "Other").Append(context.Transforms.ResizeImages("Image", 1, 1));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => other.Fit(data)).Message, "Other");
    }

    [TestMethod]
    public void ThePictureBeforeIsGivenUp()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.bmp", s_first);
        var context = new MLContext(1);
        var data = Paths(context, "a.bmp", "a.bmp");
        var loaded = context.Transforms.LoadImages("Image", folder.Path, "Path").Fit(data).Transform(data);
        var column = loaded.Schema["Image"];
        MLImage image = null!, first, second;
        using (var cursor = loaded.GetRowCursor([column]))
        {
            var getter = cursor.GetGetter<MLImage>(column);
            Assert.IsTrue(cursor.MoveNext());
            getter(ref image);
            first = image;
            Assert.AreEqual(2, first.Width);
            Assert.IsTrue(cursor.MoveNext());
            getter(ref image);
            second = image;
            Assert.AreEqual(2, second.Width);
            Assert.ThrowsExactly<InvalidOperationException>(() => first.Width);
        }

        Assert.ThrowsExactly<InvalidOperationException>(() => second.Width);
    }
}
