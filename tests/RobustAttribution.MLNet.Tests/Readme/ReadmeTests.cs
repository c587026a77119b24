using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Readme;

[TestClass]
public sealed class ReadmeTests
{
    [TestMethod]
    public void CodeBlocksAreTheCompiledRegions()
    {
        string readme = File.ReadAllText(Path.Combine(Folder(), "..", "..", "..", "README.md")).ReplaceLineEndings("\n");
        string code = File.ReadAllText(Path.Combine(Folder(), "ReadmeSnippets.cs")).ReplaceLineEndings("\n");
        MatchCollection blocks = Regex.Matches(readme, "region (\\w+) -->\n```csharp\n(.*?)```", RegexOptions.Singleline);
        Assert.IsNotEmpty(blocks);
        Assert.HasCount(Regex.Count(readme, "```csharp"), blocks);
        foreach (Match block in blocks)
        {
            Match region = Regex.Match(code, $"#region {block.Groups[1].Value}\n(.*?) *#endregion", RegexOptions.Singleline);
            string unindented = Regex.Replace(region.Groups[1].Value, "^ {8}", string.Empty, RegexOptions.Multiline);
            Assert.AreEqual(unindented, block.Groups[2].Value, $"region {block.Groups[1].Value}");
        }
    }

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

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
