using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;
using static StandIns.Tests.Images.ImageColumns;
using static StandIns.Tests.Images.PictureBytes;

namespace StandIns.Tests.Images;

[TestClass]
public sealed class PixelTransformTests
{
    private sealed class SingleVector
    {
        [VectorType(3, 2, 2)]
        public float[] Values { get; set; } = [];
    }

    private sealed class DoubleVector
    {
        [VectorType(12)]
        public double[] Values { get; set; } = [];
    }

    private sealed class ByteVector
    {
        [VectorType(2, 2, 3)]
        public byte[] Values { get; set; } = [];
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void PlanesFollowTheOrderOfColors(MLPixelFormat format)
    {
        var (context, data) = Data(format);
        foreach (var order in Enum.GetValues<ColorsOrder>())
        {
            foreach (var colors in new[] { ColorBits.Rgb, ColorBits.All, ColorBits.Red | ColorBits.Blue, ColorBits.Green, ColorBits.Alpha })
            {
                foreach (var interleave in new[] { false, true })
                {
                    var extract = context.Transforms.ExtractPixels("Pixels", "Image", colors, order, interleave);
                    var pixels = extract.Fit(data).Transform(data);
                    var planes = order.ToString().Where(letter => colors.HasFlag(Bit(letter))).ToArray();
                    var type = (VectorDataViewType)pixels.Schema["Pixels"].Type;
                    Assert.AreEqual(NumberDataViewType.Single, type.ItemType);
                    CollectionAssert.AreEqual(interleave ? new[] { 2, 2, planes.Length } : [planes.Length, 2, 2], type.Dimensions.ToArray());
                    var expected = interleave
                        ? Places().SelectMany(at => planes.Select(letter => Color(letter, at.X, at.Y)))
                        : planes.SelectMany(letter => Places().Select(at => Color(letter, at.X, at.Y)));
                    CollectionAssert.AreEqual(expected.ToArray(), Vectors<float>(pixels, "Pixels").Single(), $"{order} {colors} {interleave}");
                }
            }
        }
    }

    [TestMethod]
    public void OffsetComesBeforeScale()
    {
        var (context, data) = Data(MLPixelFormat.Bgra32);
        var pixels = context.Transforms.ExtractPixels("Pixels", "Image", ColorBits.Red, offsetImage: 100, scaleImage: 1 / 128f).Fit(data).Transform(data);
        CollectionAssert.AreEqual(Places().Select(at => (Color('R', at.X, at.Y) - 100) * (1 / 128f)).ToArray(), Vectors<float>(pixels, "Pixels").Single());
    }

    [TestMethod]
    public void BytesIgnoreOffsetAndScale()
    {
        var (context, data) = Data(MLPixelFormat.Bgra32);
        var pixels = context.Transforms.ExtractPixels("Pixels", "Image", offsetImage: 3, scaleImage: 5, outputAsFloatArray: false).Fit(data).Transform(data);
        Assert.AreEqual(NumberDataViewType.Byte, ((VectorDataViewType)pixels.Schema["Pixels"].Type).ItemType);
        var expected = "RGB".SelectMany(letter => Places().Select(at => (byte)Color(letter, at.X, at.Y))).ToArray();
        CollectionAssert.AreEqual(expected, Vectors<byte>(pixels, "Pixels").Single());
    }

    [TestMethod]
    public void AMissingPictureGivesZeros()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new Picture2x2()]);
        var pixels = context.Transforms.ExtractPixels("Pixels", "Image").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new float[12], Vectors<float>(pixels, "Pixels").Single());
    }

    [TestMethod]
    public void ASizeThatNoRowClassSaysIsUnknownToTheRows()
    {
        var context = new MLContext(1);
        var definition = SchemaDefinition.Create(typeof(Picture2x2));
        definition["Image"].ColumnType = new ImageDataViewType(5, 7);
        var data = context.Data.LoadFromEnumerable([new Picture2x2 { Image = Opaque(7, 5, MLPixelFormat.Bgra32, (_, _) => (1, 2, 3)) }], definition);
        Assert.ThrowsExactly<NotSupportedException>(() => Read(data, "Image", image => image!.Width));
    }

    [TestMethod]
    public void TheLastPictureGoesWithTheCursor()
    {
        var context = new MLContext(1);
        var rows = Enumerable.Range(0, 2).Select(_ => new Picture2x2 { Image = Opaque(2, 2, MLPixelFormat.Bgra32, (_, _) => (1, 2, 3)) }).ToArray();
        var data = context.Data.LoadFromEnumerable(rows);
        var pixels = context.Transforms.ExtractPixels("Pixels", "Image").Fit(data).Transform(data);
        Assert.AreEqual(2, Vectors<float>(pixels, "Pixels").Count);
        Assert.AreEqual(2, rows[0].Image!.Width);
        Assert.ThrowsExactly<InvalidOperationException>(() => rows[1].Image!.Width);
    }

    [TestMethod]
    public void PicturesWithoutKnownSizeOrOfAnotherSizeAreRefused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.bmp", Bmp(3, 1, new byte[9]));
        var context = new MLContext(1);
        var paths = Paths(context, "a.bmp");
        var loaded = context.Transforms.LoadImages("Image", folder.Path, "Path").Fit(paths).Transform(paths);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ExtractPixels("Image").Fit(loaded)).Message, "Image");

        var wrong = context.Data.LoadFromEnumerable([new Picture2x2 { Image = Opaque(2, 1, MLPixelFormat.Bgra32, (_, _) => (1, 2, 3)) }]);
        var pixels = context.Transforms.ExtractPixels("Image").Fit(wrong).Transform(wrong);
        Assert.ThrowsExactly<InvalidOperationException>(() => Vectors<float>(pixels, "Image"));
    }

    [TestMethod]
    public void WrongArgumentsAreRefused()
    {
        var transforms = new MLContext(1).Transforms;
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.ExtractPixels("Image", colorsToExtract: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.ExtractPixels("Image", offsetImage: float.NaN));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.ExtractPixels("Image", scaleImage: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.ConvertToImage(0, 1, "Image"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.ConvertToImage(1, 0, "Image"));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.ConvertToImage(1, 1, "Image", scaleImage: float.PositiveInfinity));
    }

    [TestMethod]
    public void ConvertToImageUndoesExtractPixels()
    {
        var (context, data) = Data(MLPixelFormat.Rgba32);
        foreach (var interleave in new[] { false, true })
        {
            var there = context.Transforms.ExtractPixels("Pixels", "Image", ColorBits.All, ColorsOrder.ABRG, interleave, 127.5f, 1 / 127.5f);
            var back = context.Transforms.ConvertToImage(2, 2, "Copy", "Pixels", ColorBits.All, ColorsOrder.ABRG, interleave, 127.5f, -127.5f);
            var (_, source) = Data(MLPixelFormat.Rgba32);
            var copy = there.Append(back).Fit(source).Transform(source);
            Assert.IsTrue(copy.Schema["Copy"].Type.Equals(new ImageDataViewType(2, 2)));
            var seen = Read(copy, "Copy", image => Places().Select(at => At(image!, at.X, at.Y)).ToList()).Single();
            CollectionAssert.AreEqual(
                Places().Select(at => ((int)Color('R', at.X, at.Y), (int)Color('G', at.X, at.Y), (int)Color('B', at.X, at.Y), 255)).ToList(), seen);
        }
    }

    [TestMethod]
    public void VectorsOfEveryNumberTypeBecomePictures()
    {
        var context = new MLContext(1);
        var numbers = Enumerable.Range(1, 12).Select(i => i * 10).ToArray();
        var planar = Places().Select((_, i) => (numbers[i], numbers[i + 4], numbers[i + 8], 255)).ToList();
        var interleaved = Places().Select((_, i) => (numbers[3 * i], numbers[(3 * i) + 1], numbers[(3 * i) + 2], 255)).ToList();
        CollectionAssert.AreEqual(planar, Pixels(context, new SingleVector { Values = [.. numbers.Select(n => (float)n)] }, false));
        CollectionAssert.AreEqual(planar, Pixels(context, new DoubleVector { Values = [.. numbers.Select(n => (double)n)] }, false));
        CollectionAssert.AreEqual(interleaved, Pixels(context, new ByteVector { Values = [.. numbers.Select(n => (byte)n)] }, true));
    }

    [TestMethod]
    public void ScaledVectorsWithoutAlphaBecomeTransparent()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new SingleVector { Values = [.. Enumerable.Repeat(0.5f, 12)] }]);
        var image = context.Transforms.ConvertToImage(2, 2, "Image", "Values", scaleImage: 200).Fit(data).Transform(data);
        Assert.AreEqual((100, 100, 100, 0), Read(image, "Image", value => At(value!, 1, 1)).Single());
    }

    [TestMethod]
    public void VectorsOfAnotherSizeAreRefused()
    {
        var context = new MLContext(1);
        var data = context.Data.LoadFromEnumerable([new SingleVector { Values = new float[12] }]);
        foreach (var height in new[] { 1, 3 })
        {
            var estimator = context.Transforms.ConvertToImage(height, 2, "Image", "Values");
            StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message, "Values");
        }

        var text = Paths(context, "a");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => context.Transforms.ConvertToImage(2, 2, "Image", "Path").Fit(text)).Message, "Path");
    }

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32)]
    [DataRow(MLPixelFormat.Rgba32)]
    public void GrayIsTheWeightedMean(MLPixelFormat format)
    {
        var (context, data) = Data(format);
        var gray = context.Transforms.ConvertToGrayscale("Gray", "Image").Fit(data).Transform(data);
        Assert.IsTrue(gray.Schema["Gray"].Type.Equals(new ImageDataViewType(2, 2)));
        Read(gray, "Gray", image =>
        {
            foreach (var (x, y) in Places())
            {
                var (r, g, b, a) = At(image!, x, y);
                Assert.AreEqual((r, r, 255), (g, b, a));
                Assert.AreEqual((0.3 * Color('R', x, y)) + (0.59 * Color('G', x, y)) + (0.11 * Color('B', x, y)), r, 1);
            }

            return 0;
        });
    }

    private static List<(int R, int G, int B, int A)> Pixels<T>(MLContext context, T row, bool interleaved)
        where T : class
    {
        var data = context.Data.LoadFromEnumerable([row]);
        var images = context.Transforms.ConvertToImage(2, 2, "Image", "Values", interleavedColors: interleaved).Fit(data).Transform(data);
        return Read(images, "Image", image => Places().Select(at => At(image!, at.X, at.Y)).ToList()).Single();
    }

    private static (MLContext Context, IDataView Data) Data(MLPixelFormat format)
    {
        // Each cursor over a picture column may dispose of what it read, so a fresh picture per enumeration.
        var context = new MLContext(1);
        IEnumerable<Picture2x2> Rows()
        {
            yield return new Picture2x2
            {
                Image = Opaque(2, 2, format, (x, y) => ((int)Color('R', x, y), (int)Color('G', x, y), (int)Color('B', x, y))),
            };
        }

        return (context, context.Data.LoadFromEnumerable(Rows()));
    }

    private static IEnumerable<(int X, int Y)> Places() => [(0, 0), (1, 0), (0, 1), (1, 1)];

    private static float Color(char letter, int x, int y) => letter switch
    {
        'R' => 10 + (100 * x) + (7 * y),
        'G' => 200 - (90 * x) - (3 * y),
        'B' => 30 + x + (40 * y),
        _ => 255,
    };

    private static ColorBits Bit(char letter) => letter switch
    {
        'R' => ColorBits.Red,
        'G' => ColorBits.Green,
        'B' => ColorBits.Blue,
        _ => ColorBits.Alpha,
    };
}
