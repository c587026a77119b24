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
    [DataRow("RobustAttribution")]
    [DataRow("RobustAttribution.MLNet")]
    public void ThePageNamesEveryFolderAndWhatItUses(string project)
    {
        var source = new SourceFolders(project);
        IReadOnlyList<(int Floor, string Folder, string[] Uses)> floors = ArchitecturePage.Floors(project);
        CollectionAssert.AreEquivalent(source.Files.Keys.ToArray(), floors.Select(row => row.Folder).ToArray());
        foreach ((_, string folder, string[] uses) in floors)
        {
            Dictionary<string, string> found = source.Uses[folder];
            CollectionAssert.AreEquivalent(uses, found.Keys.ToArray(), $"{folder} uses {string.Join("; ", found.Select(use => $"{use.Key} ({use.Value})"))}.");
        }
    }

    [TestMethod]
    [DataRow("RobustAttribution")]
    [DataRow("RobustAttribution.MLNet")]
    public void NoFolderUsesOneOfItsOwnFloorOrAbove(string project)
    {
        IReadOnlyList<(int Floor, string Folder, string[] Uses)> floors = ArchitecturePage.Floors(project);
        Dictionary<string, int> floorOf = floors.ToDictionary(row => row.Folder, row => row.Floor);
        string[] upward = [.. from row in floors from used in row.Uses where floorOf[used] >= row.Floor select $"{row.Folder} → {used}"];
        Assert.IsEmpty(upward, string.Join(", ", upward));
    }

    [TestMethod]
    public void TheWalksPassThroughTypesThatAreThere()
    {
        Dictionary<string, SourceFolders> sources = new[] { "RobustAttribution", "RobustAttribution.MLNet" }.ToDictionary(project => project, project => new SourceFolders(project));
        Assert.HasCount(3, ArchitecturePage.Walks);
        foreach ((string title, IReadOnlyList<(string Project, string Folder, string Type)> steps) in ArchitecturePage.Walks)
        {
            Assert.IsGreaterThan(3, steps.Count, title);
            foreach ((string project, string folder, string type) in steps)
            {
                Assert.AreEqual(folder, sources[project].FolderOf(type), $"{title}: {type} of {project}");
            }
        }
    }

    [TestMethod]
    public void TheDrawingIsOfTheFoldersAsTheyAre()
        => Assert.AreEqual(
            ArchitectureDrawing.Draw(),
            File.ReadAllText(Repository.At("docs", "images", "architecture.svg")),
            "Draw it again: dotnet RobustAttribution.MLNet.Tests.dll draw-architecture docs/images/architecture.svg");

    [TestMethod]
    [DataRow("RobustAttribution.Distributed")]
    [DataRow("RobustAttribution")]
    [DataRow("RobustAttribution.MLNet")]
    public void LinesEndBeforeColumn150(string project)
    {
        string folder = Repository.At("src", project);
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
