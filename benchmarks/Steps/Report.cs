using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>A table of the report: a line of explanation, columns, rows of names and numbers.</summary>
internal sealed record Table(string Title, string Note, IReadOnlyList<string> Columns)
{
    public List<object?[]> Rows { get; } = [];
}

/// <summary>The tables as Markdown and JSON; files are written anew after each row, so that a run that is stopped leaves what it has.</summary>
internal sealed class Report(string? path, string introduction, Action<string> log)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly List<Table> tables = [];

    public Table Begin(string title, string note, IReadOnlyList<string> columns)
    {
        var table = new Table(title, note, columns);
        tables.Add(table);
        return table;
    }

    public void Add(Table table, params object?[] row)
    {
        table.Rows.Add(row);
        log($"{table.Title}: {string.Join("  ", table.Columns.Zip(row, (name, value) => $"{name} {Text(value)}"))}");
        Write();
    }

    public string Markdown()
    {
        var text = new StringBuilder($"# Training steps and explanations against plain loops\n\n{introduction}\n");
        foreach (Table table in tables.Where(table => table.Rows.Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {table.Title}\n\n{table.Note}\n\n| ").AppendJoin(" | ", table.Columns).Append(" |\n|");
            text.AppendJoin("|", table.Columns.Select(_ => "---")).Append("|\n");
            foreach (object?[] row in table.Rows)
            {
                text.Append("| ").AppendJoin(" | ", row.Select(Text)).Append(" |\n");
            }
        }

        return text.ToString();
    }

    public string Json() => JsonSerializer.Serialize(
        new
        {
            introduction,
            tables = tables.Select(table => new
            {
                title = table.Title,
                note = table.Note,
                rows = table.Rows.Select(row => table.Columns.Zip(row).ToDictionary(pair => pair.First, pair => pair.Second)),
            }),
        },
        Format);

    private void Write()
    {
        if (path is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, Markdown());
            File.WriteAllText(Path.ChangeExtension(path, ".json"), Json() + "\n");
        }
    }

    /// <summary>Numbers with three digits that count, or more before the point; losses, which are float, with four behind it.</summary>
    private static string Text(object? value) => value switch
    {
        null => "–",
        double.NaN => "–",
        float loss => loss.ToString("F4", CultureInfo.InvariantCulture),
        double number => number.ToString(
            Math.Abs(number) switch { 0 => "0", < 0.001 => "0.0e+0", < 1 => "0.000", < 10 => "0.00", < 100 => "0.0", _ => "#,0" },
            CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
