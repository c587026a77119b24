using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>How an MLImage holds its pixels, and who disposes of it.</summary>
[TestClass]
public sealed class ImageTests
{
    private readonly MLContext context = new(seed: 1);

    [TestMethod]
    public void PixelsAreMultipliedByAlphaAndDecodedOnesAreBgra()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.png");
        using (MLImage image = MLImage.CreateFromPixels(1, 1, MLPixelFormat.Bgra32, [20, 40, 80, 102]))
        {
            image.Save(file);
        }

        using MLImage decoded = MLImage.CreateFromFile(file);
        File.Delete(file);
        Assert.AreEqual(MLPixelFormat.Bgra32, decoded.PixelFormat);
        CollectionAssert.AreEqual(new byte[] { 20, 40, 80, 102 }, decoded.Pixels.ToArray());
        CollectionAssert.AreEqual(new byte[] { 50, 100, 200 }, decoded.GetBGRPixels, "divided by alpha, 102/255");
    }

    [TestMethod]
    public void AnImageGetterDisposesOfTheImagePassedIn()
    {
        Row[] rows = [new(), new(), new()];
        Read(rows, context.Transforms.ResizeImages("Out", 2, 2, "Image")); // its own size: the source is handed on, then passed in for the next row
        CollectionAssert.AreEqual(new[] { true, true, false }, Array.ConvertAll(rows, IsDisposed));
    }

    [TestMethod]
    public void ATransformDisposesOfTheLastImageItReadWithItsCursor()
    {
        Row[] rows = [new(), new(), new()];
        Read(rows, context.Transforms.ConvertToGrayscale("Out", "Image"));
        CollectionAssert.AreEqual(new[] { false, false, true }, Array.ConvertAll(rows, IsDisposed));
    }

    private static bool IsDisposed(Row row)
    {
        try
        {
            return row.Image.Width == 0;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private void Read<T>(Row[] rows, IEstimator<T> estimator)
        where T : ITransformer
    {
        IDataView source = context.Data.LoadFromEnumerable(rows);
        IDataView data = estimator.Fit(source).Transform(source);
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema["Out"]]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(data.Schema["Out"]);
        for (MLImage image = null!; cursor.MoveNext();)
        {
            getter(ref image);
        }
    }

    private sealed class Row
    {
        [ImageType(2, 2)]
        public MLImage Image { get; set; } = MLImage.CreateFromPixels(2, 2, MLPixelFormat.Bgra32, new byte[16]);
    }
}
