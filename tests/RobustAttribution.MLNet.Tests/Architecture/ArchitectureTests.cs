using System.Reflection;
using System.Runtime.CompilerServices;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>The shape of the library as a whole: one arrow between its two projects, and a public surface that changes only on purpose.</summary>
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
    public void ThePublicSurfaceIsTheApprovedOne(string name)
    {
        string approved = Path.Combine(Folder(), $"{name}.approved.txt");
        string received = Path.Combine(AppContext.BaseDirectory, $"{name}.received.txt");
        string found = PublicSurface.Of(name == Core.GetName().Name ? Core : Face);
        File.WriteAllText(received, found);

        string expected = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : string.Empty;

        string[] lost = [.. expected.Split('\n').Except(found.Split('\n'))], gained = [.. found.Split('\n').Except(expected.Split('\n'))];
        Assert.AreEqual(expected, found, $"The public surface changed. Lost: {string.Join(" | ", lost)}. Gained: {string.Join(" | ", gained)}. If it is meant, copy {Path.GetFileName(received)} from the test's output folder over {Path.GetFileName(approved)}.");
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
