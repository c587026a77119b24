using System.Globalization;
using System.Text;
using System.Text.Json;
using RobustAttribution.MLNet;

namespace RobustAttribution.Benchmarks;

/// <summary>One training, and how well its maps find the objects.</summary>
internal sealed record Run(string Objective, int Seed, double TrainSeconds, LocalizationMetrics Metrics);

/// <summary>Collects the runs and writes the table anew after each, so that a run that is stopped leaves what it has.</summary>
internal sealed class LocalizationTable(string path, string command)
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private static readonly (string Name, Func<Run, double> Value, string Format)[] Rows =
    [
        ("top-1 error", run => run.Metrics.Top1Error, "F3"),
        ("top-1 localisation", run => run.Metrics.Top1Localization, "F3"),
        ("GT-known localisation", run => run.Metrics.KnownClassLocalization, "F3"),
        ("mean IoU", run => run.Metrics.MeanOverlap, "F3"),
        ("threshold, chosen on the validation images", run => run.Metrics.Threshold, "F2"),
        ("training, s", run => run.TrainSeconds, "F0"),
    ];

    private readonly List<Run> runs = [];

    public void Add(Run run)
    {
        runs.Add(run);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, Table());
        var entries = runs.Select(run => new { run.Objective, run.Seed, run.TrainSeconds, Metrics = JsonSerializer.Deserialize<JsonElement>(run.Metrics.ToJson()) });
        File.WriteAllText(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(new { command, runs = entries }, Format) + "\n");
    }

    private string Table()
    {
        string[] objectives = [.. runs.Select(run => run.Objective).Distinct()];
        var table = new StringBuilder($"Made by `{command}`; mean ± standard deviation over seeds {string.Join(", ", runs.Select(run => run.Seed).Distinct())}.\n\n");
        table.Append("| | ").AppendJoin(" | ", objectives).Append(" |\n|---|").AppendJoin('|', objectives.Select(_ => "---")).Append("|\n");
        foreach ((string name, Func<Run, double> value, string format) in Rows)
        {
            table.Append($"| {name} | ").AppendJoin(" | ", objectives.Select(objective => Cell([.. runs.Where(run => run.Objective == objective).Select(value)], format))).Append(" |\n");
        }

        return table.ToString();
    }

    private static string Cell(double[] values, string format)
    {
        double mean = values.Average();
        string text = mean.ToString(format, CultureInfo.InvariantCulture);
        return values.Length > 1
            ? $"{text} ± {Math.Sqrt(values.Sum(x => (x - mean) * (x - mean)) / (values.Length - 1)).ToString(format, CultureInfo.InvariantCulture)}"
            : text;
    }
}
