using System.Text;
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
    private readonly List<DataFolder> folders = [];

    [TestCleanup]
    public void Clean() => folders.ForEach(folder => folder.Dispose());

    [TestMethod]
    public void ImagesInMemoryAreReadWithoutGarbage() => IsBelow(60, PerImage<CachedImages>(count => Load(Vectors(count), long.MaxValue)));

    [TestMethod]
    public void StreamedImagesAreReadWithoutGarbage() => IsBelow(100, PerImage<StreamedImages>(count => Load(Vectors(count), 100 * Values)));

    /// <summary>Images of ten sizes; the decoder of the files makes objects, but nothing of an image's size.</summary>
    [TestMethod]
    [DataRow("png")]
    [DataRow("ppm")]
    public void FilesAreStreamedWithLittleGarbage(string kind)
    {
        IsBelow(4000, PerImage<StreamedImages>(count =>
        {
            DataFolder folder = new();
            folders.Add(folder);
            byte[][] files = [.. Enumerable.Range(0, 10).Select(i => File(kind, 200 - (11 * i), 90 + (11 * i)))];
            for (int i = 0; i < count; i++)
            {
                folder.Write($"{(i < count / 2 ? "a" : "b")}/{i:D3}.{kind}", files[i % files.Length]);
            }

            IDataView data = new MLContext(1).Data.LoadImageFolders(folder.Path, options: new DatasetOptions { LabelsAsKey = true });
            return Load(data, 64 * Values);
        }));
    }

    /// <summary>The first pass, which reads an image after the other into the memory that keeps them.</summary>
    [TestMethod]
    public void ImagesAreTakenIntoMemoryWithoutGarbage()
    {
        IDataView data = Vectors(512);
        long few = Allocated(256), many = Allocated(512);
        IsBelow(50, (many - few) / 256.0);

        long Allocated(long rows)
        {
            IDataView taken = new MLContext(1).Data.TakeRows(data, rows);
            return Enumerable.Range(0, 3).Select(_ =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                Assert.AreEqual(rows, Load(taken, long.MaxValue).Count);
                return GC.GetAllocatedBytesForCurrentThread() - before;
            }).Min();
        }
    }

    /// <summary>In batches so large that what a batch itself costs, its tensors, hardly counts.</summary>
    [TestMethod]
    public void RowsAreScoredWithoutGarbage()
    {
        const int batchSize = 2048, rows = 4 * batchSize;
        using var scored = new Scored(change: options => options with { BatchSize = batchSize });
        List<TestImage> samples = TestImage.Make(64);
        IDataView data = scored.Context.Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => samples[i % samples.Count]));
        IDataView view = scored.Chain.Transform(data);
        DataViewSchema.Column score = view.Schema["Score"], predicted = view.Schema["PredictedLabel"];
        using DataViewRowCursor cursor = view.GetRowCursor([score, predicted]);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(score);
        ValueGetter<uint> readPredicted = cursor.GetGetter<uint>(predicted);
        VBuffer<float> values = default;
        uint key = 0;
        long start = 0;
        while (cursor.MoveNext())
        {
            if (cursor.Position == batchSize)
            {
                start = GC.GetAllocatedBytesForCurrentThread(); // the first batch makes the buffers
            }

            readScore(ref values);
            readPredicted(ref key);
        }

        IsBelow(40, (double)(GC.GetAllocatedBytesForCurrentThread() - start) / (rows - batchSize));
    }

    private static void IsBelow(double most, double bytes)
    {
        Console.WriteLine($"{bytes:F1} bytes for each image");
        Assert.IsLessThan(most, bytes);
    }

    /// <summary>Bytes that all threads allocate for an image more in a pass: the buffers of a pass do not count.</summary>
    /// <param name="load">Loads so many images.</param>
    private static double PerImage<TImages>(Func<int, ITrainingImages> load)
    {
        const int few = 256, many = 2 * few;
        return (Allocated(many) - Allocated(few)) / (double)(many - few);

        long Allocated(int count)
        {
            ITrainingImages images = load(count);
            Assert.IsInstanceOfType<TImages>(images);
            return Enumerable.Range(0, 3).Select(_ => Pass(images)).Min();
        }

        static long Pass(ITrainingImages images)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            foreach (ImageBatch batch in images.Read(BatchSize, 1))
            {
                batch.Dispose();
            }

            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }
    }

    private static byte[] File(string kind, int width, int height)
        => kind == "png" ? PngFile.Plain(width, height) : [.. Encoding.ASCII.GetBytes($"P6\n{width} {height}\n255\n"), .. new byte[3 * width * height]];

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

        var context = new MLContext(1);
        return context.Data.Cache(context.Data.LoadFromEnumerable(rows)); // the rows of an enumerable make garbage for each key
    }

    private sealed class VectorRow
    {
        [VectorType(3, Side, Side)]
        public float[] Image { get; set; } = new float[Values];

        [KeyType(10)] // the values 1 to 9 are keys
        public uint Label { get; set; }
    }
}
