using System.Reflection;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>The shape of the library as a whole: one arrow between its two projects.</summary>
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
}
