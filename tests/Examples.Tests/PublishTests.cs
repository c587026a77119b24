using System.Diagnostics;
using System.Text.Json;

namespace RobustAttribution.Examples.Tests;

/// <summary>What <c>dotnet publish</c> takes, asked without copying half a gigabyte.</summary>
[TestClass]
public sealed class PublishTests
{
    [TestMethod]
    public void APublishedExampleHasTheNativeLibraryThatTheBuildRunsAndNothingOfTheBuild()
    {
        string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
        string configuration = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^2];

        string[] files = FilesToPublish(Path.Combine(root, "examples", "1-TrainRobustClassifier"), configuration);

        Assert.Contains("TrainRobustClassifier.dll", files.Select(Path.GetFileName));
        string[] ofTheBuild = [.. files.Where(file => file.Contains(Path.Combine("eng", "BuildTools"), StringComparison.Ordinal))];
        Assert.AreEqual(string.Empty, string.Join(", ", ofTheBuild));
        string native = Path.GetFullPath(files.Single(file => Path.GetFileName(file) == "libLibTorchSharp.so"));
        bool ours = native.StartsWith(Path.Combine(root, "artifacts", "native"), StringComparison.Ordinal); // see eng/LibTorch.targets
        Assert.AreEqual(OperatingSystem.IsLinux(), ours, native);
    }

    private static string[] FilesToPublish(string project, string configuration)
    {
        string[] arguments =
        [
            "msbuild", project, "-t:ResolveReferences;ComputeResolvedFilesToPublishList", "-getItem:ResolvedFileToPublish",
            $"-p:Configuration={configuration}", "-p:NoBuild=true", "-p:BuildProjectReferences=false", "-nodeReuse:false",
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name); // the test runner's own
        }

        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output);
        using JsonDocument items = JsonDocument.Parse(output);
        JsonElement files = items.RootElement.GetProperty("Items").GetProperty("ResolvedFileToPublish");
        return [.. files.EnumerateArray().Select(file => file.GetProperty("FullPath").GetString()!)];
    }
}
