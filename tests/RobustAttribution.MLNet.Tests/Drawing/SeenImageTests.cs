using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Reporting;

/// <summary>The column of images as the network sees them.</summary>
[TestClass]
public sealed class SeenImageTests
{
    [TestMethod]
    public void VectorsAreSeenAsTheyAre()
    {
        using var scored = new Scored();
        var saliency = scored.Context.Transforms.Saliency(new SaliencyEstimator.Options { SeenImageColumnName = "Seen" });
        IDataView view = saliency.Fit(scored.View).Transform(scored.View);
        float[][] images = [.. view.GetColumn<float[]>("Image")];
        float[][] seen = [.. view.GetColumn<float[]>("Seen")];
        Assert.HasCount(images.Length, seen);
        for (int row = 0; row < seen.Length; row++)
        {
            Assert.IsTrue(images[row].Zip(seen[row]).All(pair => Math.Abs(pair.First - pair.Second) < 1e-3), $"row {row}");
        }

        var type = (VectorDataViewType)view.Schema["Seen"].Type;
        CollectionAssert.AreEqual(new[] { 1, TestImage.Side, TestImage.Side }, type.Dimensions.ToArray());
    }
}
