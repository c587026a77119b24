using System.Xml.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Docs;

[TestClass]
public sealed class ReadmeTests
{
    [TestMethod]
    public void ThePipelineRuns()
    {
        var context = new MLContext();
        IDataView train = context.Data.TakeRows(FashionMnist.Load(context, DatasetSplit.Train), 64);
        IDataView test = context.Data.TakeRows(FashionMnist.Load(context, DatasetSplit.Test), 6);
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
    public void AFolderOfImagesBecomesAModelAnOverlayAndFigures()
    {
        using var folder = new DataFolder();
        string images = folder.Of("images");
        List<TestImage> samples = TestImage.Make(24);
        samples.ForEach(sample => PipelineTests.Write(images, sample));

        AttributionRobustnessMetrics robustness = ReadmeSnippets.Folder(images, epochs: 1, folder.Of("model.zip"), folder.Of("overlay.png"));

        Assert.IsInRange(1, 23, robustness.RowCount);
        Assert.IsTrue(File.Exists(folder.Of("model.zip")));
        using MLImage overlay = MLImage.CreateFromFile(folder.Of("overlay.png"));
        Assert.AreEqual((24, 24), (overlay.Width, overlay.Height), "the size of the file, not of the network");
    }

    [TestMethod]
    public void EveryMethodIsInTheTable()
    {
        string readme = File.ReadAllText(Repository.At("docs", "methods.md"));
        Type[] families = [typeof(ITrainingObjective), typeof(IAttributionMethod), typeof(IAttributionAttack), typeof(IMapSimilarity), typeof(IThreatModel)];
        string[] methods = [.. typeof(ITrainingObjective).Assembly.GetExportedTypes().Where(type => !type.IsAbstract && families.Any(family => family.IsAssignableFrom(type))).Select(type => type.Name)];
        Assert.IsGreaterThan(25, methods.Length);
        CollectionAssert.AreEqual(Array.Empty<string>(), methods.Where(name => !readme.Contains($"`{name}`", StringComparison.Ordinal)).ToArray());
    }

    [TestMethod]
    public void TheVersionsAreThoseOfTheBuild()
    {
        Dictionary<string, string> versions = XDocument.Load(Repository.At("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(element => element.Attribute("Include")!.Value, element => element.Attribute("Version")!.Value.TrimStart('[').Split(',')[0]);
        string version = XDocument.Load(Repository.At("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;
        string readme = File.ReadAllText(Repository.At("README.md"));

        string row = readme.Split('\n').Single(line => line.StartsWith($"| {Minor(version)} |", StringComparison.Ordinal));
        Assert.Contains($"| {Minor(versions["Microsoft.ML"])} from {versions["Microsoft.ML"]} |", row);
        Assert.Contains($"| {Minor(versions["Microsoft.ML.TorchSharp"])} from {versions["Microsoft.ML.TorchSharp"]} |", row);
        Assert.Contains($"| {Minor(versions["TorchSharp"])} from {versions["TorchSharp"]} |", row);
        string oldLinux = $"/packages/robustattribution/{version}/tools/LoadableTorchSharp.cs -- ";
        foreach (string project in new[] { "RobustAttribution", "RobustAttribution.MLNet" })
        {
            string packaged = File.ReadAllText(Repository.At("src", project, "README.md")).ReplaceLineEndings("\n");
            Assert.Contains($"dotnet add package TorchSharp-cpu --version {versions["TorchSharp-cpu"]}\n", packaged);
            Assert.Contains(oldLinux, packaged);
        }

        Assert.Contains(oldLinux, File.ReadAllText(Repository.At("docs", "how-to", "old-linux.md")));

        static string Minor(string version) => string.Join('.', version.Split('.')[..2]);
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
