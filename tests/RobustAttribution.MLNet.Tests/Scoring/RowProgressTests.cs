using Microsoft.ML;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet.Tests.Scoring;

[TestClass]
public sealed class RowProgressTests
{
    [TestMethod]
    [DataRow(null, "4 rows, ", "11 rows, ")]
    [DataRow(30, "4 of 30 rows, ", "11 of 30 rows, ")]
    public void SaysHowFarALongRunIs(int? total, string first, string second)
    {
        var context = new MLContext();
        List<string> messages = [];
        context.Log += (_, message) => messages.Add(message.Message);
        using var progress = new RowProgress(RobustAttribution.MLNet.Interop.CatalogEnvironment.Of(context.Transforms), "Saliency", total, TimeSpan.Zero);
        foreach (int rows in new[] { 4, 7 })
        {
            progress.BeginBatch();
            progress.EndBatch(rows);
        }

        string[] found = [.. messages.Where(message => message.Contains("rows/s", StringComparison.Ordinal))];
        Assert.HasCount(2, found, string.Join('\n', messages));
        StringAssert.Contains(found[0], "Saliency");
        StringAssert.Contains(found[0], first);
        StringAssert.Contains(found[1], second);
    }

    [TestMethod]
    public void SaysNothingOfAShortRun()
    {
        var context = new MLContext();
        List<string> messages = [];
        context.Log += (_, message) => messages.Add(message.Message);
        using var progress = new RowProgress(RobustAttribution.MLNet.Interop.CatalogEnvironment.Of(context.Transforms), "Saliency", 4, TimeSpan.FromHours(1));
        progress.BeginBatch();
        progress.EndBatch(4);
        Assert.IsEmpty(messages);
    }
}
