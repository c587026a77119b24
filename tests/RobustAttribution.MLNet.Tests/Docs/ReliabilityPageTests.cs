using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>docs/reliability.md and SECURITY.md name tests that exist, and the limits of the source.</summary>
[TestClass]
public sealed class ReliabilityPageTests
{
    private static readonly string Page = File.ReadAllText(Repository.At("docs", "reliability.md"));

    [TestMethod]
    public void TheLimitsAreThoseOfTheSource()
    {
        var archive = new ArchiveLimits();
        var download = new DatasetDownloaderOptions();
        foreach (string limit in new[]
        {
            Text($"{ImageDecoder.MaximumPixels / 1_000_000} million pixels (`ImageDecoder.MaximumPixels`); a PPM image also {PpmFile.MaximumSide:N0} a side"),
            Text($"{archive.TotalBytes >> 30} GiB in all, {archive.FileBytes >> 30} GiB for a file, {archive.Entries:N0} entries,"),
            Text($"{DatasetArchive.LongestDescription >> 20} MiB for an entry that only names or describes another"),
            Text($"{download.MaximumBytes >> 30} GiB (`MaximumBytes`), {download.Timeout.TotalMinutes} minute for each {DatasetDownloader.Piece >> 10} KiB"),
            Text($" (`Timeout`), {DatasetDownloader.MaximumRedirects} redirects"),
            Text($"{Limit("ImageSide"):N0} pixels a side, {Limit("ImageChannels"):N0} channels, 2²⁸ values in an image, {Limit("Classes"):N0} classes,"),
            Text($"{Limit("LayerWidth"):N0} channels or units in a layer, {Limit("Layers"):N0} layers"),
            Text($"{Limit("BatchSize"):N0} images in a computation, {Limit("Iterations"):N0} steps, samples, draws or restarts"),
        })
        {
            StringAssert.Contains(Page, limit);
        }

        Assert.AreEqual(1 << 28, Limit("ImageValues"));
        Assert.AreEqual(Limit("ImageSide"), new InputSpecification(1, Limit("ImageSide"), 1).Height);
    }

    [TestMethod]
    public void EveryTestNamedExists()
    {
        string[] sources = [.. Directory.EnumerateFiles(Repository.At("tests"), "*.cs", SearchOption.AllDirectories)];
        string pages = Page + File.ReadAllText(Repository.At("SECURITY.md"));
        MatchCollection named = Regex.Matches(pages, @"`(\w+(?:Tests|Laws))(?:\.(\w+))?`");
        Assert.IsGreaterThan(30, named.Count);
        foreach ((string type, string method) in named.Select(match => (match.Groups[1].Value, match.Groups[2].Value)))
        {
            string[] files = [.. sources.Where(path => Path.GetFileNameWithoutExtension(path) == type)];
            Assert.IsNotEmpty(files, type);
            Assert.IsTrue(
                method.Length == 0 || files.Any(path => File.ReadAllText(path).Contains($" void {method}(", StringComparison.Ordinal)),
                $"{type}.{method}");
        }
    }

    private static int Limit(string name)
        => (int)typeof(ImageNetwork).Assembly.GetType("RobustAttribution.Limits", throwOnError: true)!
            .GetField(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.GetRawConstantValue()!;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
