using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>
/// The loader allocates nothing for an image once its buffers are there: threads that allocate steadily beside a training make TorchSharp's calls fail
/// (docs/decisions/torchsharp-gc.md).
/// </summary>
[TestClass]
public sealed class LoaderAllocationTests
{
    private const int Side = 32, Values = 3 * Side * Side, BatchSize = 64;
    private static readonly InputSpecification Input = new(3, Side, Side);

    [TestMethod]
    public void ImagesInMemoryAreReadWithoutGarbage()
    {
        ITrainingImages images = Load(Vectors(512), long.MaxValue);
        Assert.IsInstanceOfType<CachedImages>(images);
        IsBelow(100, PerImage(images));
    }

    [TestMethod]
    public void StreamedImagesAreReadWithoutGarbage()
    {
        ITrainingImages images = Load(Vectors(2048), 400 * Values);
        Assert.IsInstanceOfType<StreamedImages>(images);
        IsBelow(150, PerImage(images));
    }

    [TestMethod]
    public void ImagesOfManySizesAreStreamedWithoutGarbage()
    {
        using var folder = new DataFolder();
        var random = new Random(1);
        for (int i = 0; i < 256; i++)
        {
            folder.Write($"{(i % 2 == 0 ? "a" : "b")}/{i:D3}.png", PngFile.Plain(random.Next(40, 200), random.Next(40, 200)));
        }

        IDataView data = new MLContext(1).Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
        ITrainingImages images = Load(data, 64 * Values);
        Assert.IsInstanceOfType<StreamedImages>(images);
        IsBelow(150, PerImage(images));
    }

    private static void IsBelow(double most, double bytes)
    {
        Console.WriteLine($"{bytes:F1} bytes for each image");
        Assert.IsLessThan(most, bytes);
    }

    /// <summary>Bytes that all threads allocate for an image in a shuffled pass, after one in which the buffers grow.</summary>
    private static double PerImage(ITrainingImages images)
    {
        return Enumerable.Range(0, 4).Select(Pass).Skip(1).Min();

        double Pass(int seed)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            foreach (ImageBatch batch in images.Read(BatchSize, seed))
            {
                batch.Dispose();
            }

            return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / images.Count;
        }
    }

    private static ITrainingImages Load(IDataView data, long budget)
    {
        var context = new MLContext(1);
        ImageColumn images = ImageColumn.Bind(data.Schema, "Image", Input, PixelScale.Bytes, ResizePolicy.Fill);
        KeyColumn labels = KeyColumn.Bind(data.Schema, "Label");
        return new TrainingRows(CatalogEnvironment.Of(context.Data), data, images, labels, Input, BrokenRows.Fail, default).Load(budget);
    }

    private static IDataView Vectors(int count)
    {
        var random = new Random(1);
        VectorRow[] rows = new VectorRow[count];
        for (int i = 0; i < count; i++)
        {
            rows[i] = new VectorRow { Label = (uint)(1 + (i % 9)) };
            for (int j = 0; j < Values; j++)
            {
                rows[i].Image[j] = random.Next(256);
            }
        }

        return new MLContext(1).Data.LoadFromEnumerable(rows);
    }

    private sealed class VectorRow
    {
        [VectorType(3, Side, Side)]
        public float[] Image { get; set; } = new float[Values];

        [KeyType(10)] // the values 1 to 9 are keys
        public uint Label { get; set; }
    }
}
