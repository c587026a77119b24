using System.Text.RegularExpressions;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>
/// Every C# block of the documentation is the text of a region in this folder, so it compiles; the first of a page begins with the using lines of all.
/// </summary>
[TestClass]
public sealed partial class SnippetTests
{
    private const string Write = "ROBUSTATTRIBUTION_WRITE_SNIPPETS";

    public static IEnumerable<object[]> Pages()
    {
        IEnumerable<string> files =
        [
            Repository.At("README.md"),
            .. Directory.EnumerateFiles(Repository.At("docs"), "*.md", SearchOption.AllDirectories),
            .. Directory.EnumerateDirectories(Repository.At("src")).Select(folder => Path.Combine(folder, "README.md")),
            .. Directory.EnumerateDirectories(Repository.At("examples")).Select(folder => Path.Combine(folder, "README.md")).Where(File.Exists),
            Repository.At("samples", "README.md"),
        ];
        return files.Select(file => new object[] { Path.GetRelativePath(Repository.Root, file).Replace('\\', '/') });
    }

    [TestMethod]
    [DynamicData(nameof(Pages))]
    public void CodeBlocksAreCompiledRegions(string page)
    {
        string text = Read(Repository.At(page));
        MatchCollection blocks = Block().Matches(text);
        Assert.AreEqual(Fence().Count(text), blocks.Count, $"{page}: each ```csharp block needs the line <!-- compiled: FILE, region NAME --> right above it.");
        string[] codes = [.. blocks.Select(block => Region(block.Groups["file"].Value, block.Groups["region"].Value))];
        if (codes.Length > 0)
        {
            IEnumerable<string> usings = blocks.Zip(codes, (block, code) => SnippetUsings.Of(Read(Repository.At(block.Groups["file"].Value)), code))
                .SelectMany(lines => lines).Distinct().Order(SnippetUsings.Order);
            codes[0] = string.Concat(usings.Select(line => line + '\n').Append("\n")) + codes[0];
        }

        if (Environment.GetEnvironmentVariable(Write) == "1")
        {
            int next = 0;
            File.WriteAllText(Repository.At(page), Block().Replace(text, block => $"{block.Groups["head"].Value}{codes[next++]}```"));
            return;
        }

        foreach ((Match block, string code) in blocks.Zip(codes))
        {
            string name = block.Groups["region"].Value;
            Assert.AreEqual(
                code, block.Groups["code"].Value, $"{page}: the block of region {name} is not the region's text. {Write}=1 makes this test write the blocks.");
        }
    }

    /// <summary>Scripts start examples, whose assemblies are called otherwise than their folders, or Train, the program of a how-to.</summary>
    [TestMethod]
    public void ScriptsStartAssembliesThatExamplesHave()
    {
        HashSet<string> assemblies =
        [
            "Train",
            .. Directory.EnumerateFiles(Repository.At("examples"), "*.csproj", SearchOption.AllDirectories)
                .Select(project => AssemblyName().Match(Read(project)).Groups["name"].Value).Where(name => name.Length > 0),
        ];
        (string File, string Name)[] started =
        [
            .. Pages().Select(page => Repository.At((string)page[0]))
                .Concat(Directory.EnumerateFiles(Repository.At("examples"), "*.sbatch", SearchOption.AllDirectories))
                .SelectMany(file => Started().Matches(Read(file)).Select(match => (file, match.Groups["name"].Value))),
        ];
        Assert.IsGreaterThan(5, started.Length);
        Assert.AreEqual(string.Empty, string.Join("; ", started.Where(entry => !assemblies.Contains(entry.Name)).Select(entry => $"{entry.File}: {entry.Name}.dll")));
    }

    [TestMethod]
    public void UsingLinesAreThoseThatTheCodeRequires()
    {
        const string Code = """
            var pipeline = mlContext.Transforms.Saliency(new() { Method = new SmoothGrad() }); // an MLImage, a TopKAttack
            Console.WriteLine("LinfBall" + $"{new KendallTau()}" + (view.Schema["Saliency"].Type as VectorDataViewType));
            SaliencyTransformer? model = null;
            Tensor map = zeros(2);
            """;
        string file = string.Concat(
            new[] { "System.Text", "Microsoft.ML", "Microsoft.ML.Data", "RobustAttribution.Attacks", "RobustAttribution.Attributions", "RobustAttribution.Networks", "static TorchSharp.torch", "RobustAttribution.Similarities" }
                .Select(name => $"using {name};\n"));
        Assert.AreEqual(
            "using Microsoft.ML; using Microsoft.ML.Data; using RobustAttribution.Attributions; using RobustAttribution.MLNet; using RobustAttribution.Similarities; using static TorchSharp.torch;",
            string.Join(' ', SnippetUsings.Of(file, Code)));
        Assert.AreEqual("using Microsoft.ML;", string.Join(' ', SnippetUsings.Of("using System.Collections.Concurrent;\nusing Microsoft.ML;\n", "var context = new MLContext();")));
    }

    [TestMethod]
    public void EveryRegionIsShownSomewhere()
    {
        string[] shown = [.. Pages().SelectMany(page => Block().Matches(Read(Repository.At((string)page[0])))).Select(block => Path.GetFileName(block.Groups["file"].Value) + " " + block.Groups["region"].Value)];
        foreach (string file in Directory.EnumerateFiles(Folder, "*Snippets.cs"))
        {
            foreach (Match region in RegionName().Matches(Read(file)))
            {
                Assert.Contains($"{Path.GetFileName(file)} {region.Groups[1].Value}", shown);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Pages))]
    public void LinksLeadSomewhere(string page)
    {
        foreach (Match link in Link().Matches(CodeBlocks().Replace(Read(Repository.At(page)), string.Empty)))
        {
            string target = link.Groups[1].Value;
            if (target.StartsWith("https://", StringComparison.Ordinal) || target.StartsWith('#'))
            {
                continue;
            }

            string path = Path.Combine(Path.GetDirectoryName(Repository.At(page))!, target.Split('#')[0]);
            Assert.IsTrue(Path.Exists(path), $"{page} links to {target}, which does not exist.");
            Assert.IsFalse(page.StartsWith("src/", StringComparison.Ordinal), $"{page} is read outside the repository, where {target} leads nowhere.");
        }
    }

    [TestMethod]
    public void EveryDecisionIsListed()
    {
        string index = Read(Repository.At("docs", "decisions", "README.md"));
        foreach (string page in Directory.EnumerateFiles(Repository.At("docs", "decisions"), "*.md").Select(path => Path.GetFileName(path)).Where(name => name != "README.md"))
        {
            Assert.Contains($"]({page})", index);
        }
    }

    private static string Folder => Repository.At("tests", "RobustAttribution.MLNet.Tests", "Docs");

    private static string Region(string file, string name)
    {
        Match region = Regex.Match(Read(Repository.At(file)), $"^ *#region {name}\n(.*?)^ *#endregion", RegexOptions.Singleline | RegexOptions.Multiline);
        Assert.IsTrue(region.Success, $"{file} has no region {name}.");
        string[] lines = region.Groups[1].Value.Split('\n');
        int indentation = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > indentation ? line[indentation..] : string.Empty));
    }

    private static string Read(string file) => File.ReadAllText(file).ReplaceLineEndings("\n");

    [GeneratedRegex("(?<head><!-- compiled: (?<file>\\S+), region (?<region>\\w+) -->\n```csharp\n)(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^ *```(csharp|cs|c#)", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Fence();

    [GeneratedRegex("#region (\\w+)")]
    private static partial Regex RegionName();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex CodeBlocks();

    [GeneratedRegex(@"\bdotnet (?:[^\s'""`]*/)?(?<name>[^\s/'""`]+)\.dll")]
    private static partial Regex Started();

    [GeneratedRegex("<AssemblyName>(?<name>[^<]+)</AssemblyName>")]
    private static partial Regex AssemblyName();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
