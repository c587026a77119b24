using System.Collections.Concurrent;
using System.Text.Json;
using RobustAttribution.MLNet.Tests.Fixtures;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Packaging;

/// <summary>What the projects say about their packages, asked without a package feed.</summary>
[TestClass]
public sealed class PackageSettingsTests
{
    private static readonly string[] Properties =
    [
        "PackageId", "Version", "Description", "Authors", "PackageLicenseExpression", "PackageReadmeFile", "PackageIcon", "PackageTags", "PackageReleaseNotes", "TargetFramework", "IsPackable",
        "IncludeSymbols", "SymbolPackageFormat", "EmbedAllSources", "PublishRepositoryUrl", "Deterministic", "DeterministicSourcePaths", "GenerateDocumentationFile", "TreatWarningsAsErrors", "NoWarn", "WarningsNotAsErrors",
    ];

    private static readonly ConcurrentDictionary<string, JsonElement> Projects = new();

    [TestMethod]
    [DataRow("RobustAttribution")]
    [DataRow("RobustAttribution.MLNet")]
    [DataRow("RobustAttribution.Distributed")]
    public void TheProjectDescribesItsPackage(string name)
    {
        JsonElement project = Project(name);
        string Property(string property) => project.GetProperty("Properties").GetProperty(property).GetString()!;

        Assert.AreEqual(name, Property("PackageId"));
        Assert.AreEqual("MIT", Property("PackageLicenseExpression"));
        Assert.AreEqual("net10.0", Property("TargetFramework"));
        Assert.AreEqual("snupkg", Property("SymbolPackageFormat"));
        foreach (string on in new[] { "IsPackable", "IncludeSymbols", "EmbedAllSources", "PublishRepositoryUrl", "Deterministic", "DeterministicSourcePaths" })
        {
            Assert.AreEqual("true", Property(on), on);
        }

        Assert.MatchesRegex(@"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$", Property("Version"));
        Assert.MatchesRegex("^### (Added|Changed|Fixed|Removed)", Property("PackageReleaseNotes"));
        Assert.DoesNotContain("\n## ", Property("PackageReleaseNotes"));
        string[] packed = [.. project.GetProperty("Items").GetProperty("None").EnumerateArray().Where(item => item.TryGetProperty("Pack", out JsonElement pack) && pack.GetString() == "true").Select(item => item.GetProperty("FullPath").GetString()!)];
        string[] expected = ["README.md", "icon.png", "LICENSE", "THIRD-PARTY-NOTICES.md", .. name == "RobustAttribution" ? ["LoadableTorchSharp.cs"] : Array.Empty<string>()];
        CollectionAssert.AreEquivalent(expected, packed.Select(Path.GetFileName).ToArray());
        Assert.IsTrue(Array.TrueForAll(packed, File.Exists), string.Join(", ", packed));
    }

    [TestMethod]
    [DataRow("RobustAttribution", "TorchSharp")]
    [DataRow("RobustAttribution.Distributed", "TorchSharp")]
    [DataRow("RobustAttribution.MLNet", "TorchSharp", "Microsoft.ML", "Microsoft.ML.ImageAnalytics", "Microsoft.ML.TorchSharp", "SkiaSharp")]
    public void DependenciesEndBeforeTheNextUncheckedVersion(string name, params string[] dependencies)
    {
        JsonElement items = Project(name).GetProperty("Items");

        string[] referenced = [.. items.GetProperty("PackageReference").EnumerateArray().Where(item => !item.TryGetProperty("PrivateAssets", out JsonElement assets) || assets.GetString() != "all").Select(item => item.GetProperty("Identity").GetString()!)];
        CollectionAssert.AreEquivalent(dependencies, referenced);
        Dictionary<string, string> ranges = items.GetProperty("PackageVersion").EnumerateArray().ToDictionary(item => item.GetProperty("Identity").GetString()!, item => item.GetProperty("Version").GetString()!);
        Assert.AreEqual("[0.107.0, 0.108.0)", ranges["TorchSharp"]);
        Assert.AreEqual("[5.0.1, 5.1.0)", ranges["Microsoft.ML"]);
        Assert.AreEqual("[5.0.1, 5.1.0)", ranges["Microsoft.ML.ImageAnalytics"]);
        Assert.AreEqual("[0.23.1, 0.24.0)", ranges["Microsoft.ML.TorchSharp"]);
        Assert.AreEqual("[2.88.9, 3.0.0)", ranges["SkiaSharp"]);
    }

    [TestMethod]
    [DataRow("RobustAttribution")]
    [DataRow("RobustAttribution.MLNet")]
    [DataRow("RobustAttribution.Distributed")]
    public void APublicMemberWithoutDocumentationIsAnError(string name)
    {
        JsonElement properties = Project(name).GetProperty("Properties");

        Assert.AreEqual("true", properties.GetProperty("GenerateDocumentationFile").GetString());
        Assert.AreEqual("true", properties.GetProperty("TreatWarningsAsErrors").GetString());
        Assert.DoesNotContain("1591", properties.GetProperty("NoWarn").GetString()!);
        Assert.DoesNotContain("1591", properties.GetProperty("WarningsNotAsErrors").GetString()!);
        Assert.DoesNotContain("1591", File.ReadAllText(Repository.At(".editorconfig")));
        foreach (string file in Directory.EnumerateFiles(Repository.At("src", name), "*.cs", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("CS1591", File.ReadAllText(file), file);
        }
    }

    [TestMethod]
    public void TheIconIsASquarePng()
    {
        byte[] icon = File.ReadAllBytes(Repository.At("eng", "icon.png"));
        CollectionAssert.AreEqual(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0, 0, 0, 128, 0, 0, 0, 128 }, icon[..4].Concat(icon[16..24]).ToArray());
    }

    private static JsonElement Project(string name) => Projects.GetOrAdd(name, Evaluate);

    /// <summary>The project as MSBuild sees it; needs no restore.</summary>
    private static JsonElement Evaluate(string name)
    {
        (int exitCode, string output) = Repository.Run(
            "dotnet", "msbuild", Repository.At("src", name, $"{name}.csproj"), "-p:Configuration=Release",
            $"-getProperty:{string.Join(',', Properties)}", "-getItem:None", "-getItem:PackageReference", "-getItem:PackageVersion");
        Assert.AreEqual(0, exitCode, output);
        return JsonDocument.Parse(output[output.IndexOf('{')..(output.LastIndexOf('}') + 1)]).RootElement;
    }
}
