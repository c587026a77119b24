using System.Globalization;
using RobustAttribution.MLNet.Reporting;

namespace RobustAttribution.MLNet;

/// <summary>
/// One self-contained HTML page about the robustness of one or several models' explanations: headline table, curves, histograms, a gallery of images
/// before and
/// after the attack, and how everything was made. It needs no network and no script, reads well in light, dark and on paper.
/// </summary>
/// <param name="title">The headline.</param>
/// <param name="models">At least one; names must be unique.</param>
public sealed class RobustnessReport(string title, IReadOnlyList<ReportedModel> models)
{
    /// <summary>A few sentences at the top: what was compared, on what images, under what attack.</summary>
    public IReadOnlyList<string> Summary { get; init; } = [];

    /// <summary>What came out, one sentence for each model; shown before the numbers.</summary>
    public IReadOnlyList<string> Verdicts { get; init; } = [];

    /// <summary>Facts of the whole comparison: data, number of images, attack, seed, versions, date.</summary>
    public IReadOnlyList<(string Name, string Value)> Card { get; init; } = [];

    /// <summary>The full options of what was run, name and text, e.g. JSON; written small at the end.</summary>
    public IReadOnlyList<(string Name, string Text)> Options { get; init; } = [];

    /// <summary>Images shown of each model from each end of the gallery, at least 0. 4 by default: the 4 worst and the 4 best.</summary>
    public int ExamplesAtEachEnd { get; init => field = Require.InRange(value, 0); } = 4;

    /// <summary>The headline.</summary>
    public string Title { get; } = Require.NotNull(title, nameof(title));

    /// <summary>The models.</summary>
    public IReadOnlyList<ReportedModel> Models { get; } = CheckModels(models);

    /// <summary>The page.</summary>
    public string ToHtml() => HtmlPage.Render(this);

    /// <summary>Writes the page. A file of that name is replaced only when the new one is complete.</summary>
    /// <param name="path">Where to; missing folders are made.</param>
    public void Save(string path)
    {
        string target = Path.GetFullPath(Require.NotNull(path, nameof(path)));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        string temporary = target + ".part";
        File.WriteAllText(temporary, ToHtml());
        File.Move(temporary, target, overwrite: true);
    }

    internal static string Percent(double share) => share.ToString("0.0\u00A0%", CultureInfo.InvariantCulture);

    private static IReadOnlyList<ReportedModel> CheckModels(IReadOnlyList<ReportedModel>? models)
    {
        if (Require.NotNull(models, nameof(models)).Count == 0)
        {
            throw new ArgumentException("The report has no model; it needs at least one.", nameof(models));
        }

        string? twice = models!.GroupBy(model => model.Name).FirstOrDefault(group => group.Count() > 1)?.Key;
        return twice is null
            ? models!
            : throw new ArgumentException($"Two models of the report are named '{twice}'; names must be unique.", nameof(models));
    }
}
