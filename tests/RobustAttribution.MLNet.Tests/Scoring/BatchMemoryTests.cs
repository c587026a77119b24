using System.Runtime.InteropServices;
using Microsoft.ML;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Scoring;

/// <summary>A batch takes memory for the rows that come, not for those that BatchSize allows.</summary>
[TestClass]
public sealed class BatchMemoryTests
{
    [TestMethod]
    public void TheLargestBatchSizeTakesNoMoreThanTheRowsThatCome()
    {
        using var scored = new Scored(3, images: true, change: options => options with { ImageColumnName = "Photo", Input = new InputSpecification(3, 224, 224) });
        float[][] Maps(int batchSize)
        {
            IDataView maps = scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { BatchSize = batchSize }).Fit(scored.View).Transform(scored.View);
            return [.. Rows.Read(maps, ["Saliency"]).Select(row => (float[])row.Values["Saliency"])];
        }

        float[][] expected = Maps(3);
        long before = GC.GetTotalAllocatedBytes();
        float[][] found = Maps(65_536);
        Assert.IsLessThan(100_000_000, GC.GetTotalAllocatedBytes() - before);
        for (int i = 0; i < 3; i++)
        {
            CollectionAssert.AreEqual(expected[i], found[i]);
        }
    }

    [TestMethod]
    public void RowsThatOneTensorCannotHoldAreRefusedByBatchSize()
    {
        using var scored = new Scored(11);
        ImageColumn images = ImageColumn.Bind(scored.View.Schema, "Image", scored.Model.Network.Input, PixelScale.Bytes, ResizePolicy.Crop);
        using DataViewRowCursor cursor = scored.View.GetRowCursor([scored.View.Schema["Image"]]);
        var rows = new ImageRows(cursor, images, null, null);
        var batch = new RowBatch(8, scored.Model.Network.Input, maximumBytes: (5 * 64 * sizeof(float)) + 3);
        for (int i = 0; i < 5; i++)
        {
            Assert.IsTrue(cursor.MoveNext());
            batch.Add(rows);
        }

        Assert.AreEqual(5 * 64, batch.Pixels.Length);
        cursor.MoveNext();
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => batch.Add(rows)).Message;
        Assert.AreEqual("BatchSize is 8, and a batch has 6 images of 1×8×8 or more; 5 of them are all that one tensor holds here. Set BatchSize to at most 5.", message);
    }

    [TestMethod]
    public void MemoryThatTheNetworkDoesNotGetIsABatchSizeTooLarge()
    {
        var batch = new RowBatch(8, new InputSpecification(1, 8, 8));
        var error = Assert.ThrowsExactly<InsufficientMemoryException>(() => batch.Compute(() => torch.empty(1L << 58).Dispose()));
        StringAssert.Contains(error.Message, "BatchSize is 8, and 0 images of 1×8×8 took more memory than there is. Set BatchSize to at most 1.");
        Assert.IsInstanceOfType<ExternalException>(error.InnerException);
        Assert.ThrowsExactly<ExternalException>(() => batch.Compute(() => torch.zeros(2).reshape(3).Dispose()));
    }
}
