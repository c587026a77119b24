using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Packaging;

/// <summary>The packages that <c>./build.sh pack</c> made, looked into. Inconclusive where there are none.</summary>
[TestClass]
public sealed partial class PackageContentTests
{
    private const string Core = "RobustAttribution", Face = "RobustAttribution.MLNet", Ranks = "RobustAttribution.Distributed", OldLinux = "tools/LoadableTorchSharp.cs";

    [TestMethod]
    [DataRow(Core)]
    [DataRow(Face)]
    [DataRow(Ranks)]
    public void ThePackageSaysWhatItIs(string id)
    {
        using PackageFile package = PackageFile.Open(id);

        Assert.AreEqual(id, package.Metadata["id"].Value);
        Assert.AreEqual(AssemblyVersion(), package.Metadata["version"].Value, "The package was not made from this tree: run ./build.sh pack again.");
        Assert.AreEqual("MIT", package.Metadata["license"].Value);
        Assert.AreEqual("expression", package.Metadata["license"].Attribute("type")!.Value);
        foreach (string element in new[] { "authors", "description", "copyright", "tags", "releaseNotes", "readme", "icon" })
        {
            Assert.IsGreaterThan(0, package.Metadata[element].Value.Length, element);
        }

        CollectionAssert.AreEqual(File.ReadAllBytes(Repository.At("eng", "icon.png")), package.Bytes(package.Metadata["icon"].Value));
        Assert.StartsWith($"# {id}", Encoding.UTF8.GetString(package.Bytes(package.Metadata["readme"].Value)));
        if (package.Metadata.TryGetValue("repository", out XElement? repository))
        {
            Assert.StartsWith("https://", repository.Attribute("url")?.Value ?? "https://");
            Assert.IsNull(repository.Attribute("branch"), "of two branches at one commit the packages are the same");
        }
    }

    [TestMethod]
    [DataRow(Core)]
    [DataRow(Face)]
    [DataRow(Ranks)]
    public void ItHoldsTheLibraryAndNothingElse(string id)
    {
        using PackageFile package = PackageFile.Open(id);
        string[] packaging = [$"{id}.nuspec", "[Content_Types].xml", "_rels/.rels"];

        string[] files = [.. package.Files.Except(packaging).Where(file => !file.StartsWith("package/services/metadata/", StringComparison.Ordinal))];

        string[] expected = [$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", "README.md", "icon.png", "LICENSE", "THIRD-PARTY-NOTICES.md"];
        CollectionAssert.AreEquivalent(id == Core ? [.. expected, OldLinux] : expected, files);
        string documentation = Encoding.UTF8.GetString(package.Bytes($"lib/net10.0/{id}.xml"));
        Assert.Contains(
            id switch
            {
                Core => "T:RobustAttribution.Objectives.LocalGradientAlignment",
                Face => "M:Microsoft.ML.RobustAttributionTransformsCatalog.Saliency(",
                _ => "M:RobustAttribution.Distributed.MpiCommunicator.Run(",
            },
            documentation);
    }

    [TestMethod]
    public void TheSourceFileForOlderLinuxIsTheOneThatIsTested()
    {
        using PackageFile package = PackageFile.Open(Core);
        CollectionAssert.AreEqual(File.ReadAllBytes(Repository.At("eng", "BuildTools", "LoadableTorchSharp.cs")), package.Bytes(OldLinux));
    }

    [TestMethod]
    public void DependenciesAreTheOfficialPackagesInCheckedRanges()
    {
        string version = AssemblyVersion();
        CollectionAssert.AreEquivalent(new[] { "TorchSharp [0.107.0, 0.108.0)" }, Dependencies(Core));
        CollectionAssert.AreEquivalent(new[] { $"RobustAttribution [{version}]", "TorchSharp [0.107.0, 0.108.0)" }, Dependencies(Ranks));
        CollectionAssert.AreEquivalent(
            new[]
            {
                $"RobustAttribution [{version}]", "TorchSharp [0.107.0, 0.108.0)", "Microsoft.ML [5.0.1, 5.1.0)",
                "Microsoft.ML.ImageAnalytics [5.0.1, 5.1.0)", "Microsoft.ML.TorchSharp [0.23.1, 0.24.0)", "SkiaSharp [2.88.9, 3.0.0)",
            },
            Dependencies(Face));
    }

    [TestMethod]
    [DataRow(Core)]
    [DataRow(Face)]
    [DataRow(Ranks)]
    public void OnlyOfficialAssembliesAreReferredTo(string id)
    {
        using PackageFile package = PackageFile.Open(id);

        string[] references = package.References($"lib/net10.0/{id}.dll");

        Assert.Contains("TorchSharp", references);
        foreach (string reference in references)
        {
            Assert.MatchesRegex(
                id == Core ? @"^(System\..*|TorchSharp)$"
                    : id == Ranks ? @"^(System\..*|TorchSharp|RobustAttribution)$"
                    : @"^(System\..*|TorchSharp|SkiaSharp|RobustAttribution|Microsoft\.ML\.(Core|Data|DataView|ImageAnalytics|Transforms|StandardTrainers))$",
                reference);
        }
    }

    [TestMethod]
    [DataRow(Core)]
    [DataRow(Face)]
    [DataRow(Ranks)]
    public void SymbolsCarryTheSourcesAndNoPathOfThisMachine(string id)
    {
        using PackageFile package = PackageFile.Open(id), symbols = PackageFile.Open(id, "snupkg");

        (string[] paths, int embedded, string text, string? sourceLink) = symbols.Symbols($"lib/net10.0/{id}.pdb");

        Assert.IsNotEmpty(paths);
        Assert.AreEqual(paths.Length, embedded);
        foreach (string path in paths)
        {
            Assert.StartsWith("/_", path);
        }

        if (sourceLink is not null)
        {
            Assert.Contains("/_/", sourceLink);
            Assert.Contains("https://", sourceLink);
        }

        string compiled = Latin(package.Bytes($"lib/net10.0/{id}.dll")) + Latin(symbols.Bytes($"lib/net10.0/{id}.pdb"));
        Assert.DoesNotContain("BuildTools", compiled);
        Assert.DoesNotContain("publicized", compiled);
        foreach (string local in new[] { Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) }.Where(folder => folder.Length > 3))
        {
            string found = compiled + Encoding.UTF8.GetString(package.Bytes($"lib/net10.0/{id}.xml")) + text;
            Assert.DoesNotContain(local.TrimEnd('/', '\\') + '/', found.Replace('\\', '/'));
        }
    }

    private static string[] Dependencies(string id)
    {
        using PackageFile package = PackageFile.Open(id);
        XElement group = package.Metadata["dependencies"].Elements().Single();
        Assert.AreEqual("net10.0", group.Attribute("targetFramework")!.Value);
        return [.. group.Elements().Select(dependency => $"{dependency.Attribute("id")!.Value} {dependency.Attribute("version")!.Value}")];
    }

    private static string AssemblyVersion()
        => Build().Replace(((System.Reflection.AssemblyInformationalVersionAttribute)Attribute.GetCustomAttribute(typeof(RobustAttributionImageClassificationTrainer).Assembly, typeof(System.Reflection.AssemblyInformationalVersionAttribute))!).InformationalVersion, string.Empty);

    private static string Latin(byte[] bytes) => Encoding.Latin1.GetString(bytes) + Encoding.Unicode.GetString(bytes);

    [GeneratedRegex(@"\+.*")]
    private static partial Regex Build();
}
