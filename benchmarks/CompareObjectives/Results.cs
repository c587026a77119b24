using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RobustAttribution.Benchmarks;

/// <summary>One training and what was measured of it.</summary>
internal sealed record Run(string Name, int Seed, double TrainSeconds, IReadOnlyDictionary<string, double> Values);

/// <summary>Collects the runs and writes the table anew after each, so that a run that is stopped leaves what it has.</summary>
internal sealed class Results(string path, string command)
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private readonly List<Run> runs = [];

    public void Add(Run run)
    {
        runs.Add(run);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, Table());
        File.WriteAllText(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(new { command, runs }, Format) + "\n");
    }

    private string Table()
    {
        string[] names = [.. runs.Select(run => run.Name).Distinct()];
        var table = new StringBuilder($"Made by `{command}`; mean ± standard deviation over seeds {string.Join(", ", runs.Select(run => run.Seed).Distinct())}.\n\n");
        table.Append("| | ").AppendJoin(" | ", names).Append(" |\n|---|").AppendJoin('|', names.Select(_ => "---")).Append("|\n");
        foreach (string metric in runs[0].Values.Keys)
        {
            table.Append($"| {metric} | ").AppendJoin(" | ", names.Select(name => Cell(name, run => run.Values[metric]))).Append(" |\n");
        }

        return table.Append("| training, s | ").AppendJoin(" | ", names.Select(name => Cell(name, run => run.TrainSeconds, "F0"))).Append(" |\n").ToString();
    }

    private string Cell(string name, Func<Run, double> value, string format = "F3")
    {
        double[] values = [.. runs.Where(run => run.Name == name).Select(value)];
        double mean = values.Average();
        double spread = values.Length > 1 ? Math.Sqrt(values.Sum(x => (x - mean) * (x - mean)) / (values.Length - 1)) : 0;
        return values.Length > 1
            ? $"{mean.ToString(format, CultureInfo.InvariantCulture)} ± {spread.ToString(format, CultureInfo.InvariantCulture)}"
            : mean.ToString(format, CultureInfo.InvariantCulture);
    }
}
