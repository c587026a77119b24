using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Docs;

[TestClass]
public sealed class ReadmeTests
{
    [TestMethod]
    public void ThePipelineRuns()
    {
        var context = new MLContext();
        IDataView train = context.Data.TakeRows(context.Data.LoadFashionMnist(null, FashionMnistSplit.Train), 64);
        IDataView test = context.Data.TakeRows(context.Data.LoadFashionMnist(null, FashionMnistSplit.Test), 6);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".zip");
        try
        {
            (AttributionRobustnessMetrics robustness, MulticlassClassificationMetrics accuracy) = ReadmeSnippets.Pipeline(train, test, epochs: 1, path);

            Assert.AreEqual(6, robustness.RowCount);
            Assert.AreEqual(accuracy.MicroAccuracy, robustness.AccuracyBefore, 1e-12);
            using var loaded = (IDisposable)context.Model.Load(path, out DataViewSchema schema);
            Assert.IsNotNull(schema.GetColumnOrNull("Image"));
            Assert.IsNotNull(((ITransformer)loaded).GetOutputSchema(train.Schema).GetColumnOrNull("Saliency"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void TheTensorsOfThePackageReadmeRun()
    {
        using torch.Tensor images = torch.rand([4, 1, 28, 28]), classes = torch.tensor(new long[] { 0, 1, 2, 9 });

        (long[] map, long[] attacked) = PackageSnippets.Tensors(images, classes, epochs: 1);

        CollectionAssert.AreEqual(images.shape, map);
        CollectionAssert.AreEqual(images.shape, attacked);
    }
}
