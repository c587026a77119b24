using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;

namespace RobustAttribution.Examples.Tests;

/// <summary>The file-based programs of samples/, as a user runs them, in a home directory that has nothing but NuGet's packages.</summary>
[TestClass]
public sealed class SampleTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
    private static readonly string Configuration = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^2];
    private static readonly string Folder = Directory.CreateTempSubdirectory("sample-tests").FullName;
    private static readonly string Images = Path.Combine(Folder, "images");
    private static readonly string Image = Path.Combine(Images, "lying", "00.png");
    private static readonly string Model = Path.Combine(Folder, "model.zip");
    private static readonly HashSet<string> Built = [];
    private static readonly Lazy<Result> Training = new(() => Run("train", Images, Model, "2"));

    public static IEnumerable<object[]> Programs => Directory.GetFiles(Path.Combine(Root, "samples"), "*.cs").Order(StringComparer.Ordinal).Select(file => new object[] { Path.GetFileNameWithoutExtension(file) });

    [ClassInitialize]
    public static void Write(TestContext context)
    {
        _ = context;
        TinyData.WriteImages(Images, 5);
    }

    [ClassCleanup]
    public static void Remove() => Directory.Delete(Folder, recursive: true);

    [TestMethod]
    public void TrainWritesAModelAndSaysHowItGoes()
    {
        Result result = Training.Value.Fine();
        StringAssert.Matches(result.Output, new Regex("epoch 2/2: accuracy (0|50|100) ?%")); // of two images
        Assert.IsTrue(File.Exists(Model));
    }

    [TestMethod]
    public void ExplainWritesAnOverlayOfTheImagesSize()
    {
        _ = Training.Value.Fine();
        string overlay = Path.Combine(Folder, "overlay.png"), other = Path.Combine(Folder, "relevance.png");
        StringAssert.Matches(Run("explain", Model, Image, overlay).Fine().Output, new Regex("^(lying|upright), [0-9]+ ?%"));
        Run("explain", Model, Image, other, "relevance").Fine();
        using MLImage original = MLImage.CreateFromFile(Image), drawn = MLImage.CreateFromFile(overlay);
        Assert.AreEqual((original.Width, original.Height), (drawn.Width, drawn.Height));
        CollectionAssert.AreNotEqual(File.ReadAllBytes(overlay), File.ReadAllBytes(other));
    }

    [TestMethod]
    public void AttackShowsTheMapBeforeAndAfter()
    {
        _ = Training.Value.Fine();
        string sheet = Path.Combine(Folder, "sheet.png");
        StringAssert.Matches(Run("attack", Model, Image, sheet).Fine().Output, new Regex("of the 100 strongest pixels stay|No copy keeps the answer"));
        using MLImage drawn = MLImage.CreateFromFile(sheet);
        Assert.IsGreaterThan(4 * 224, drawn.Width);
    }

    [TestMethod]
    public void EvaluateComparesModelsAndWritesAPage()
    {
        _ = Training.Value.Fine();
        string page = Path.Combine(Folder, "report.html"), copy = Path.Combine(Folder, "copy.zip"), few = Path.Combine(Folder, "few");
        File.Copy(Model, copy);
        TinyData.WriteImages(few, 2);
        string output = Run("evaluate", few, page, Model, copy).Fine().Output;
        Assert.HasCount(2, Regex.Matches(output, @"^ +[01]\.\d{3} .* Top-100 intersection \(higher is better\)", RegexOptions.Multiline));
        StringAssert.Contains(output, "model.zip: under the top-k attack its maps keep");
        StringAssert.Contains(output, "copy.zip's maps hold neither better nor worse than model.zip's beyond chance");
        Assert.DoesNotContain(Folder, File.ReadAllText(page)); // the page may be shown to others
        StringAssert.Contains(File.ReadAllText(page), "Top-100 intersection");
    }

    [TestMethod]
    public void ResumeGoesOnFromWhereItWas()
    {
        string checkpoints = Path.Combine(Folder, "checkpoints"), model = Path.Combine(Folder, "resumed.zip");
        Run("resume", Images, model, checkpoints, "1").Fine();
        string output = Run("resume", Images, model, checkpoints, "1").Fine().Output; // as if it had been stopped at its end
        StringAssert.Contains(output, $"resumed from {Directory.GetFiles(checkpoints).Max()}: epoch 1 of 1, 1 of 1 steps done; the training is finished and is read");
        Assert.IsTrue(File.Exists(model));
    }

    [TestMethod]
    [DataRow("train", "{0}/nowhere {0}/none.zip", "The folder '{0}/nowhere' does not exist")]
    [DataRow("train", "{0}/images {0}/nowhere/none.zip", "{0}/nowhere/none.zip")]
    [DataRow("explain", "{0}/nowhere.zip {0}/images/lying/00.png {0}/none.png", "{0}/nowhere.zip")]
    [DataRow("resume", "", "usage: dotnet run resume.cs IMAGES MODEL.zip CHECKPOINTS EPOCHS")]
    public void WhatIsWrongIsSaid(string program, string arguments, string expected)
    {
        Result result = Run(program, arguments.Replace("{0}", Folder).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.AreEqual(1, result.ExitCode, result.Output);
        StringAssert.Contains(result.Errors, expected.Replace("{0}", Folder));
        Assert.DoesNotContain("   at ", result.Errors);
        Assert.HasCount(1, Regex.Matches(result.Errors, Regex.Escape(expected.Replace("{0}", Folder))));
    }

    [TestMethod]
    [DynamicData(nameof(Programs))]
    public void ASampleIsShortAndNamesThePackagesOfThisVersion(string program)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root, "samples", $"{program}.cs"));
        Assert.IsLessThanOrEqualTo(60, lines.Length);
        string version = Regex.Match(File.ReadAllText(Path.Combine(Root, "Directory.Build.props")), "<VersionPrefix>(.*?)<").Groups[1].Value;
        string torch = Regex.Match(File.ReadAllText(Path.Combine(Root, "Directory.Packages.props")), "\"TorchSharp-cpu\" Version=\"(.*?)\"").Groups[1].Value;
        CollectionAssert.IsSubsetOf(new[] { $"#:package RobustAttribution.MLNet@{version}", $"#:package TorchSharp-cpu@{torch}", "#:property PublishAot=false" }, lines);
        string usage = Regex.Match(string.Join('\n', lines), $"usage: (dotnet run {program}.cs .*?)\"").Groups[1].Value;
        StringAssert.Contains(File.ReadAllText(Path.Combine(Root, "samples", "README.md")), usage);
    }

    /// <summary>Builds a program once, against the projects as they are built already, and runs it.</summary>
    private static Result Run(string program, params string[] arguments)
    {
        string file = Path.Combine(Root, "samples", $"{program}.cs");
        if (Built.Add(program))
        {
            Result built = Dotnet("build", file, "-c", Configuration, "-v", "quiet", "--tl:off", "-p:BuildProjectReferences=false");
            Assert.AreEqual(0, built.ExitCode, built.Output + built.Errors);
        }

        return Dotnet(["run", "--no-build", "-c", Configuration, "--file", file, "--", .. arguments]);
    }

    private static Result Dotnet(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name); // the test runner's own
        }

        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        start.Environment.TryAdd("NUGET_PACKAGES", Path.Combine(home, ".nuget", "packages"));
        start.Environment["HOME"] = Directory.CreateDirectory(Path.Combine(Folder, "home")).FullName;
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return new Result(process.ExitCode, output.Result, errors.Result);
    }
}
