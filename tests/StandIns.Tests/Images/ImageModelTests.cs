using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;
using static StandIns.Tests.Images.ImageColumns;
using static StandIns.Tests.Images.PictureBytes;

namespace StandIns.Tests.Images;

[TestClass]
public sealed class ImageModelTests
{
    [TestMethod]
    public void ASavedChainOfImageTransformsDoesTheSame()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.png", Png(6, 4, PngColor.Rgb, Enumerable.Range(0, 72).Select(i => (byte)(i * 3)).ToArray()));
        folder.Write("b.bmp", Bmp(3, 5, Enumerable.Range(0, 45).Select(i => (byte)(255 - (i * 5))).ToArray()));
        var context = new MLContext(1);
        var data = Paths(context, "a.png", "b.bmp");
        var chain = context.Transforms.LoadImages("Image", folder.Path, "Path")
            .Append(context.Transforms.LoadRawImageBytes("Bytes", folder.Path, "Path"))
            .Append(context.Transforms.ResizeImages("Small", 3, 2, "Image", cropAnchor: ImageResizingEstimator.Anchor.Top))
            .Append(context.Transforms.ConvertToGrayscale("Gray", "Small"))
            .Append(context.Transforms.ExtractPixels("Pixels", "Small", ColorBits.Red | ColorBits.Blue, ColorsOrder.ABGR, true, 10, 0.5f))
            .Append(context.Transforms.ExtractPixels("GrayPixels", "Gray", outputAsFloatArray: false))
            .Append(context.Transforms.ConvertToImage(2, 3, "Back", "Pixels", ColorBits.Red | ColorBits.Blue, ColorsOrder.ABGR, true, 2, -10));
        var model = chain.Fit(data);

        context.Model.Save(model, data.Schema, folder.File("model.zip"));
        var loaded = new MLContext(2).Model.Load(folder.File("model.zip"), out var schema);
        Assert.IsNotNull(schema.GetColumnOrNull("Path"));

        var (before, after) = (model.Transform(data), loaded.Transform(data));
        Assert.IsTrue(before.Schema.Zip(after.Schema).All(pair => pair.First.Name == pair.Second.Name && pair.First.Type.Equals(pair.Second.Type)));
        foreach (var vector in new[] { "Bytes", "GrayPixels" })
            AssertEqual(Vectors<byte>(before, vector), Vectors<byte>(after, vector));
        AssertEqual(Vectors<float>(before, "Pixels"), Vectors<float>(after, "Pixels"));
        AssertEqual(Read(before, "Back", image => image!.Pixels.ToArray()), Read(after, "Back", image => image!.Pixels.ToArray()));
        Assert.IsTrue(Vectors<float>(after, "Pixels").All(pixels => pixels.Length == 12 && pixels.Distinct().Count() > 2));
    }

    private static void AssertEqual<T>(List<T[]> expected, List<T[]> actual)
    {
        Assert.AreEqual(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
            CollectionAssert.AreEqual(expected[i], actual[i]);
    }
}
