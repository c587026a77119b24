using System.Reflection;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>The shape of the library as a whole: one arrow between its two projects, and lines that fit on a screen.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    private static readonly Assembly Core = typeof(ImageNetwork).Assembly;
    private static readonly Assembly Face = typeof(RobustAttributionImageClassificationTrainer).Assembly;

    [TestMethod]
    public void TheTensorProjectKnowsNothingOfMLNet()
    {
        string[] referenced = [.. Core.GetReferencedAssemblies().Select(assembly => assembly.Name!)];
        Assert.IsTrue(Array.Exists(referenced, name => name.StartsWith("TorchSharp", StringComparison.Ordinal)));
        Assert.DoesNotContain(Face.GetName().Name, referenced);
        Assert.IsFalse(Array.Exists(referenced, name => name.StartsWith("Microsoft.ML", StringComparison.Ordinal)), string.Join(", ", referenced));
        Assert.Contains(Core.GetName().Name, Face.GetReferencedAssemblies().Select(assembly => assembly.Name));
    }

    [TestMethod]
    public void PublicTypesLiveInTheNamespacesOfTheirProject()
    {
        string[] elsewhere =
        [
            .. Core.GetExportedTypes().Where(type => type.Namespace?.StartsWith("RobustAttribution", StringComparison.Ordinal) != true || type.Namespace.StartsWith("RobustAttribution.MLNet", StringComparison.Ordinal)).Select(type => type.FullName!),
            .. Face.GetExportedTypes().Where(type => type.Namespace?.StartsWith("RobustAttribution.MLNet", StringComparison.Ordinal) != true && !(type.Namespace == "Microsoft.ML" && type.IsAbstract && type.IsSealed && type.Name.EndsWith("Catalog", StringComparison.Ordinal))).Select(type => type.FullName!),
        ];
        Assert.IsEmpty(elsewhere, string.Join(", ", elsewhere));
    }

    [TestMethod]
    public void LinesOfTheTensorProjectEndBeforeColumn150()
    {
        string folder = Repository.At("src", "RobustAttribution");
        string[] files = [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(IsSource)];
        Assert.IsNotEmpty(files);
        string[] tooLong =
        [
            .. from file in files
               from line in File.ReadLines(file).Index()
               where line.Item.Length > 149
               select $"{Path.GetRelativePath(Repository.Root, file)}:{line.Index + 1} has {line.Item.Length} columns",
        ];
        Assert.IsEmpty(tooLong, string.Join(Environment.NewLine, tooLong));

        bool IsSource(string file)
            => !Array.Exists(Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar), part => part is "obj" or "bin");
    }
}
