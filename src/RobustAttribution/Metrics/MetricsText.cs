using System.Globalization;
using System.Text;

namespace RobustAttribution.Metrics;

/// <summary>How the tables of all metrics write a number.</summary>
internal static class MetricsText
{
    /// <summary>Four decimals; "–" where the number is undefined, as every mean of no rows is.</summary>
    public static string Of(double value) => double.IsFinite(value) ? value.ToString("F4", CultureInfo.InvariantCulture) : "–";

    /// <summary>Lines of cells in columns: the first to the left, the others to the right. A line may be shorter than the first.</summary>
    public static string Table(IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => column < row.Length ? row[column].Length : 0))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            text.AppendJoin("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])));
            text.AppendLine();
        }

        return text.ToString();
    }
}
