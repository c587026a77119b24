using System.Text.RegularExpressions;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Architecture;

/// <summary>What docs/architecture.md says: the floors of both projects and the walks through them.</summary>
internal static partial class ArchitecturePage
{
    private static readonly string[] Lines = File.ReadAllLines(Repository.At("docs", "architecture.md"));

    /// <summary>The rows of a project's table, top floor first: floor, folder, the folders that it uses.</summary>
    public static IReadOnlyList<(int Floor, string Folder, string[] Uses)> Floors(string project) =>
    [
        .. Section($"## Floors of {project}").Select(line => Row().Match(line)).Where(row => row.Success)
            .Select(row => (int.Parse(row.Groups[1].Value), row.Groups[2].Value, Uses(row.Groups[3].Value))),
    ];

    /// <summary>The walks: a title, and the rooms passed through, each a project, a folder and a type in it.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<(string Project, string Folder, string Type)> Steps)> Walks =>
    [
        .. Lines.Where(line => line.StartsWith("### Walk: ", StringComparison.Ordinal)).Select(heading => (
            heading["### Walk: ".Length..],
            (IReadOnlyList<(string, string, string)>)[.. Section(heading).SelectMany(line => Step().Matches(line)).Select(step => (
                step.Groups[1].Value == "core" ? "RobustAttribution" : "RobustAttribution.MLNet", step.Groups[2].Value, step.Groups[3].Value))])),
    ];

    private static IEnumerable<string> Section(string heading)
    {
        int start = Array.IndexOf(Lines, heading);
        Assert.IsGreaterThanOrEqualTo(0, start, $"docs/architecture.md has no '{heading}'.");
        return Lines.Skip(start + 1).TakeWhile(line => !line.StartsWith('#'));
    }

    private static string[] Uses(string cell) => [.. cell.Split(',', StringSplitOptions.TrimEntries).Where(name => name != "–")];

    [GeneratedRegex(@"^\| (\d+) \| `([\w()]+)` \| ([^|]*) \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(core|MLNet)/(\w+)/(\w+)`")]
    private static partial Regex Step();
}
