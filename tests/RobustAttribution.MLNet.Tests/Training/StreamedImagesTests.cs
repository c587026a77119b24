using Microsoft.ML;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Images above the memory budget: the same images, in an order that the seed decides.</summary>
[TestClass]
public sealed class StreamedImagesTests
{
    private const int Count = 50;
    private static readonly InputSpecification Input = new(1, TestImage.Side, TestImage.Side);

    [TestMethod]
    public void ReadsWhatTheCacheReads()
    {
        ITrainingImages cached = Load(long.MaxValue);
        ITrainingImages streamed = Load(1000);
        Assert.IsInstanceOfType<CachedImages>(cached);
        Assert.IsInstanceOfType<StreamedImages>(streamed);
        Assert.AreEqual(cached.Count, streamed.Count);
        Assert.AreEqual(cached.LargestValue, streamed.LargestValue);
        CollectionAssert.AreEqual(Images(cached, null), Images(streamed, null));
    }

    [TestMethod]
    public void TheSeedDecidesTheOrder()
    {
        ITrainingImages streamed = Load(1000);
        string[] one = Images(streamed, 1);
        CollectionAssert.AreEqual(one, Images(streamed, 1));
        CollectionAssert.AreNotEqual(one, Images(streamed, 2));
        CollectionAssert.AreNotEqual(one, Images(streamed, null));
        CollectionAssert.AreEquivalent(one, Images(streamed, null));
        CollectionAssert.AreEqual(one[16..], Images(streamed, 1, firstBatch: 2));
    }

    [TestMethod]
    public void APartIsTheSameInEveryOrder()
    {
        (ITrainingImages remaining, ITrainingImages held) = Load(1000).Split(0.3, 5);
        string[] rest = Images(remaining, 3);
        string[] share = Images(held, 4);
        Assert.AreEqual(remaining.Count, rest.Length);
        Assert.AreEqual(held.Count, share.Length);
        Assert.IsTrue(held.Count is > 5 and < 25, $"{held.Count} of {Count}");
        CollectionAssert.AreEquivalent(rest, Images(remaining, null));
        CollectionAssert.AreEquivalent(Images(Load(1000), null), rest.Concat(share).ToArray());
    }

    [TestMethod]
    public void FloatsStayFloats()
    {
        List<TestImage> samples = TestImage.Make(Count);
        samples[Count - 1].Image[3] = 7.25f;
        ITrainingImages streamed = Load(2000, samples);
        using ImageBatch batch = streamed.Read(Count).First();
        Assert.AreEqual(ScalarType.Float32, batch.Images.dtype);
        Assert.AreEqual(7.25f / 255, batch.Images[Count - 1, 0, 0, 3].item<float>());
        CollectionAssert.AreEqual(Images(Load(long.MaxValue, samples), 1).Order().ToArray(), Images(streamed, 1).Order().ToArray());
    }

    [TestMethod]
    public void AConsumerThatLeavesStopsTheReaders()
    {
        ITrainingImages streamed = Load(1000);
        for (int i = 0; i < 20; i++)
        {
            using ImageBatch batch = streamed.Read(4, i).First();
            Assert.AreEqual(4, batch.Classes.shape[0]);
        }
    }

    [TestMethod]
    public void TwoBatchesAreReadWhileOneIsTrainedOn()
    {
        const int rows = 20_000, batchSize = 1000;
        List<TestImage> samples = TestImage.Make(Count);
        int read = 0;
        ITrainingImages streamed = Load(rows * 64 / 2, Counted());
        Assert.IsInstanceOfType<StreamedImages>(streamed);
        read = 0;
        using (IEnumerator<ImageBatch> batches = streamed.Read(batchSize).GetEnumerator())
        {
            Assert.IsTrue(batches.MoveNext());
            batches.Current.Dispose();
            Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref read) >= 3 * batchSize, TimeSpan.FromSeconds(20)), $"{read} rows were read");
        }

        int left = read;
        Thread.Sleep(50);
        Assert.AreEqual(left, read, "the readers end with the pass");
        Assert.IsLessThan(rows, left, "and do not read everything");

        IEnumerable<TestImage> Counted()
        {
            for (int i = 0; i < rows; i++)
            {
                Interlocked.Increment(ref read);
                yield return samples[i % Count];
            }
        }
    }

    [TestMethod]
    public void ARowThatBreaksLaterIsAnErrorOfTheTraining()
    {
        List<TestImage> samples = TestImage.Make(Count);
        ITrainingImages streamed = Load(1000, samples);
        samples[30].Image[0] = 999;
        StringAssert.Contains(Assert.ThrowsExactly<BrokenImageException>(() => Images(streamed, null)).Message, "value 0 is 999");
    }

    [TestMethod]
    public void TrainsOnMoreThanTheBudget()
    {
        using var scored = new Scored();
        float[] Train(long budget)
        {
            RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { CacheBudgetInBytes = budget, ValidationSetFraction = 0.2, Epochs = 2 };
            IDataView data = Keys(scored.Context, TestImage.Make(Count));
            using RobustAttributionModelTransformer model = scored.Context.Transforms.RobustImageClassification(options).Fit(data);
            Assert.AreEqual(2, model.Training!.EpochsDone);
            return (float[])Rows.Read(model.Transform(data), ["Score"])[0].Values["Score"];
        }

        CollectionAssert.AreEqual(Train(1000), Train(1000));
        CollectionAssert.AreNotEqual(Train(1000), Train(long.MaxValue));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ACancelledPassIsNoEndOfTheImages(bool byTheContext)
    {
        var context = new MLContext(1);
        using var stop = new CancellationTokenSource();
        bool isSecondPass = false;
        ITrainingImages streamed = Load(1000, Samples(), context, stop.Token);
        isSecondPass = true;
        Assert.Throws<OperationCanceledException>(() => Images(streamed, null));

        IEnumerable<TestImage> Samples()
        {
            foreach ((int row, TestImage sample) in TestImage.Make(Count).Index())
            {
                if (isSecondPass && row == 30)
                {
                    Thread.Sleep(300); // the consumer has all rows so far, and waits
                    (byTheContext ? context.Cancel : (Action)stop.Cancel)();
                }

                yield return sample;
            }
        }
    }

    [TestMethod]
    public void AStreamedTrainingCancelledByTheContextKeepsItsModelIfAskedFor()
    {
        using var scored = new Scored();
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with
        {
            CacheBudgetInBytes = 1000,
            Epochs = 1000,
            ProgressInterval = TimeSpan.Zero,
            OnCancellation = CancellationBehavior.KeepLatest,
            MetricsCallback = report =>
            {
                if (report is BatchProgress { Epoch: 2, Step: 3 })
                {
                    scored.Context.Cancel();
                }
            },
        };
        using RobustAttributionModelTransformer model =
            scored.Context.Transforms.RobustImageClassification(options).Fit(Keys(scored.Context, TestImage.Make(Count)));
        Assert.AreEqual(TrainingEnd.Cancelled, model.Training!.Reason);
        Assert.AreEqual(1, model.Training.EpochsDone);
    }

    private static IDataView Keys(MLContext context, IEnumerable<TestImage> samples)
    {
        IDataView view = context.Data.LoadFromEnumerable(samples);
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
    }

    private static ITrainingImages Load(
        long budget, IEnumerable<TestImage>? samples = null, MLContext? context = null, CancellationToken cancellationToken = default)
    {
        context ??= new MLContext(1);
        IDataView data = Keys(context, samples ?? TestImage.Make(Count));
        ImageColumn images = ImageColumn.Bind(data.Schema, "Image", Input, PixelScale.Bytes, ResizePolicy.Fill);
        KeyColumn labels = KeyColumn.Bind(data.Schema, "Label");
        return new TrainingRows(CatalogEnvironment.Of(context.Data), data, images, labels, Input, BrokenRows.Fail, cancellationToken).Load(budget);
    }

    /// <summary>One text for each image in the order of the pass.</summary>
    private static string[] Images(ITrainingImages source, long? seed, int firstBatch = 0)
    {
        List<string> found = [];
        foreach (ImageBatch batch in source.Read(8, seed, firstBatch))
        {
            using (batch)
            {
                float[] values = (batch.Images.dtype == ScalarType.Byte ? batch.Images.to(ScalarType.Float32) / 255 : batch.Images).data<float>().ToArray();
                long[] labels = batch.Classes.data<long>().ToArray();
                found.AddRange(labels.Select((label, i) => $"{label}: {string.Join(' ', values[(i * 64)..((i + 1) * 64)])}"));
            }
        }

        return [.. found];
    }
}
