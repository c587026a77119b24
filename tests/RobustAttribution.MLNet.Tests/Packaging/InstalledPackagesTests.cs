using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using RobustAttribution.MLNet.Tests.Fixtures;
using Explanation = RobustAttribution.MLNet.Tests.Packaging.ConsumerProgram.Explanation;

namespace RobustAttribution.MLNet.Tests.Packaging;

/// <summary>The packages, made from a copy of the sources, in the hands of somebody who has nothing else of this repository.</summary>
[TestClass]
[TestCategory("Long")]
public sealed partial class InstalledPackagesTests
{
    private static readonly string Folder = Directory.CreateTempSubdirectory("packages-tests").FullName;

    // Never seen before, so that NuGet's folder of packages has no older build of it.
    private static readonly string Suffix = $"test-{Path.GetRandomFileName()[..8]}";
    private static readonly Lazy<string> Packages = new(() => Pack("first"));

    private static string Version => $"{Prefix}-{Suffix}";

    private static string Prefix => File.ReadAllText(Repository.At("Directory.Build.props")).Split("<VersionPrefix>")[1].Split('<')[0];

    [ClassCleanup]
    public static void Clean()
    {
        Directory.Delete(Folder, recursive: true);
        foreach (string id in new[] { "robustattribution", "robustattribution.mlnet" })
        {
            string installed = Path.Combine(PackagesFolder(Repository.Root), id);
            if (Directory.Exists(Path.Combine(installed, Version)))
            {
                Directory.Delete(Path.Combine(installed, Version), recursive: true);
            }

            if (Directory.Exists(installed) && !Directory.EnumerateFileSystemEntries(installed).Any())
            {
                Directory.Delete(installed);
            }
        }
    }

    [TestMethod]
    public void AProgramTrainsAndAnotherProcessLoadsItsModelAndGetsTheSameBits()
    {
        string project = WriteProject(Packages.Value), output = Path.Combine(project, "bin", "Debug", "net10.0");
        Run(project, "NU1301", "dotnet", "build");
        string library = Directory.GetFiles(output, "libLibTorchSharp.so", SearchOption.AllDirectories).Single();
        string original = File.ResolveLinkTarget(library, returnFinalTarget: true)?.FullName ?? library;
        byte[] before = File.ReadAllBytes(original);

        string[] recipe = Recipe(project);
        Assert.MatchesRegex("made weak|nothing to do", Run(project, null, recipe));
        Run(project, null, "dotnet", "run", "--", "train", Folder); // builds again, and leaves alone what the recipe did
        Run(project, null, "dotnet", "run", "--no-build", "--", "load", Folder);

        if (original != library)
        {
            CollectionAssert.AreEqual(before, File.ReadAllBytes(original), original);
        }

        string trained = File.ReadAllText(Path.Combine(Folder, "train.json"));
        Assert.AreEqual(trained, File.ReadAllText(Path.Combine(Folder, "load.json")), "JSON has every bit of a number");
        Explanation[] rows = JsonSerializer.Deserialize<Explanation[]>(trained)!;
        Assert.HasCount(9, rows);
        foreach (Explanation row in rows)
        {
            Assert.Contains(row.Class, new[] { "lying", "upright", "square" });
            Assert.HasCount(3, row.Score);
            Assert.HasCount(144, row.Saliency);
            Assert.IsTrue(Array.TrueForAll([.. row.Score, .. row.Saliency], float.IsFinite));
            Assert.AreEqual(1, row.Score.Sum(), 1e-5f);
            Assert.AreNotEqual(0, row.Saliency.Max(Math.Abs));
        }

        Assert.IsGreaterThan(1, rows.Select(row => row.Score[0]).Distinct().Count());
    }

    [TestMethod]
    public void PackedInAnotherFolderTheyAreTheSame()
    {
        string[] first = Directory.GetFiles(Packages.Value), second = Directory.GetFiles(Pack("a second folder with a longer name"));

        CollectionAssert.AreEqual(first.Select(Path.GetFileName).Order().ToArray(), second.Select(Path.GetFileName).Order().ToArray());
        Assert.HasCount(4, first);
        foreach (string package in first)
        {
            using ZipArchive one = ZipFile.OpenRead(package);
            using ZipArchive other = ZipFile.OpenRead(second.Single(file => Path.GetFileName(file) == Path.GetFileName(package)));
            Assert.HasCount(one.Entries.Count, other.Entries);
            foreach ((ZipArchiveEntry a, ZipArchiveEntry b) in one.Entries.Zip(other.Entries))
            {
                Assert.AreEqual(a.FullName, b.FullName);
                CollectionAssert.AreEqual(Bytes(a), Bytes(b), $"{a.FullName} of {package}");
            }
        }
    }

    /// <summary>Packs a copy of the sources: the outputs of this tree are in use by these tests.</summary>
    /// <returns>The folder with the packages.</returns>
    private static string Pack(string name)
    {
        string sources = Path.Combine(Folder, name), packages = Path.Combine(Folder, name + " packages");
        IEnumerable<string> files = new[] { "src", "eng" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.At(folder), "*", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Repository.Root))
            .Select(file => Path.GetRelativePath(Repository.Root, file));
        foreach (string file in files.Where(file => file != ".git" && !OutputFolder().IsMatch(file)))
        {
            string copy = Path.Combine(sources, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Repository.At(file), copy);
        }

        foreach (string id in new[] { "RobustAttribution", "RobustAttribution.MLNet" })
        {
            // NU1100 to NU1102: no source has a package that was there when this test was built; NU1301: a source does not answer.
            Run(sources, "NU110[0-2]|NU1301", "dotnet", "pack", $"src/{id}", "-c", "Release", "-o", packages, $"-p:VersionSuffix={Suffix}");
        }

        return packages;
    }

    private static string WriteProject(string packages)
    {
        string project = Directory.CreateDirectory(Path.Combine(Folder, "program")).FullName;
        foreach (string nothing in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
        {
            File.WriteAllText(Path.Combine(project, nothing), "<Project />");
        }

        File.WriteAllText(Path.Combine(project, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{packages}" />
              </packageSources>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(project, "Program.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <CreateSymbolicLinksForCopyLocalIfPossible>true</CreateSymbolicLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="RobustAttribution.MLNet" Version="{Version}" />
                <PackageReference Include="TorchSharp-cpu" Version="0.107.0" />
              </ItemGroup>
            </Project>
            """);
        string source = $"{nameof(ConsumerProgram)}.cs";
        File.Copy(Repository.At("tests", "RobustAttribution.MLNet.Tests", "Packaging", source), Path.Combine(project, source));
        File.WriteAllText(Path.Combine(project, "Program.cs"), $"return {typeof(ConsumerProgram).FullName}.Run(args);\n");
        return project;
    }

    /// <summary>The command that the package's README has for older systems, with this build's version in it.</summary>
    private static string[] Recipe(string project)
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(Packages.Value, $"RobustAttribution.MLNet.{Version}.nupkg"));
        using var readme = new StreamReader(package.GetEntry("README.md")!.Open());
        string[] lines = readme.ReadToEnd().ReplaceLineEndings("\n").Split('\n');
        string command = lines.Single(line => line.StartsWith("dotnet run --file ", StringComparison.Ordinal));
        string documented = $"~/.nuget/packages/robustattribution/{Prefix}/";
        Assert.Contains(documented, command);
        string installed = Path.Combine(PackagesFolder(project), "robustattribution", Version) + "/";
        return [.. command.Split(' ').Select(part => part.Replace(documented, installed, StringComparison.Ordinal))];
    }

    private static string PackagesFolder(string project)
    {
        string output = Run(project, null, "dotnet", "nuget", "locals", "global-packages", "--list");
        return output[(output.IndexOf(':') + 1)..].Trim();
    }

    /// <summary>Runs a command that has to end well.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="missing">If it does not, and says this, packages cannot be had and the test is inconclusive.</param>
    /// <param name="command">A program and its arguments.</param>
    private static string Run(string folder, string? missing, params string[] command)
    {
        (int exitCode, string output) = Repository.RunIn(folder, command[0], command[1..]);
        if (exitCode != 0 && missing is not null && Regex.IsMatch(output, missing))
        {
            Assert.Inconclusive($"No package feed answers with what '{string.Join(' ', command)}' needs:\n{output}");
        }

        Assert.AreEqual(0, exitCode, $"{string.Join(' ', command)}\n{output}");
        return output;
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    [GeneratedRegex(@"(^|[\\/])(bin|obj)[\\/]")]
    private static partial Regex OutputFolder();
}
