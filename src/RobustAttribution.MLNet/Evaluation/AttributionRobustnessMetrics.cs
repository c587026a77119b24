using System.Globalization;
using System.Text;
using System.Text.Json;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet;

/// <summary>What attacks on the explanations of a classifier achieved on a set of images. Immutable.</summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.EvaluateAttributionRobustness</c>. Rows without a valid attacked copy are counted, never silently dropped.</remarks>
public sealed class AttributionRobustnessMetrics
{
    internal AttributionRobustnessMetrics(
        long rowCount, long validCount, long leftOutCount, long labelledCount, double accuracyBefore, double accuracyAfter, IEnumerable<SimilarityStatistics> similarities)
    {
        RowCount = rowCount;
        ValidCount = validCount;
        LeftOutCount = leftOutCount;
        LabelledCount = labelledCount;
        AccuracyBefore = accuracyBefore;
        AccuracyAfter = accuracyAfter;
        Similarities = new OrderedDictionary<string, SimilarityStatistics>(similarities.Select(entry => KeyValuePair.Create(entry.ColumnName, entry)));
    }

    /// <summary>Rows attacked.</summary>
    public long RowCount { get; }

    /// <summary>Rows for which the attack found a valid copy, for most attacks one with the same predicted label. The similarities are means over these.</summary>
    public long ValidCount { get; }

    /// <summary>Rows for which it found none: the attack failed on them.</summary>
    public long InvalidCount => RowCount - ValidCount;

    /// <summary>Rows that were not attacked because only correctly classified ones were asked for.</summary>
    public long LeftOutCount { get; }

    /// <summary>Rows with a label, among those attacked and those left out.</summary>
    public long LabelledCount { get; }

    /// <summary>Share of the labelled rows whose label is the predicted one. From 0 to 1, higher is better; NaN without labels.</summary>
    public double AccuracyBefore { get; }

    /// <summary>Share of the labelled rows that were attacked whose label is the one predicted for the attacked copy. From 0 to 1, higher is better; NaN without labels.</summary>
    public double AccuracyAfter { get; }

    /// <summary>One entry for each measure, by the name of its column, in the order asked for.</summary>
    public IReadOnlyDictionary<string, SimilarityStatistics> Similarities { get; }

    /// <summary>The entry of the first measure of a type.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that type.</exception>
    public SimilarityStatistics Of<T>()
        where T : IMapSimilarity
        => Similarities.Values.FirstOrDefault(entry => entry.Similarity is T)
            ?? throw new KeyNotFoundException($"There is no {typeof(T).Name}; there are {string.Join(", ", Similarities.Values.Select(entry => entry.Similarity.Name))}.");

    /// <summary>A table with one line for each measure, and the counts.</summary>
    public override string ToString() => Table(perClass: false);

    /// <summary>A table with one line for each measure and, if wanted, one column for each class.</summary>
    /// <param name="perClass">Whether to add the classes' means.</param>
    public string GetFormattedTable(bool perClass = true) => Table(perClass);

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            Write(json);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Text(double value) => double.IsNaN(value) ? "–" : value.ToString("F4", CultureInfo.InvariantCulture);

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("rows", RowCount);
        json.WriteNumber("valid", ValidCount);
        json.WriteNumber("invalid", InvalidCount);
        json.WriteNumber("leftOut", LeftOutCount);
        json.WriteNumber("labelled", LabelledCount);
        Number(json, "accuracyBefore", AccuracyBefore);
        Number(json, "accuracyAfter", AccuracyAfter);
        json.WriteStartArray("similarities");
        foreach (SimilarityStatistics entry in Similarities.Values)
        {
            json.WriteStartObject();
            json.WriteString("column", entry.ColumnName);
            json.WriteString("name", entry.Similarity.Name);
            json.WriteBoolean("higherIsMoreSimilar", entry.Similarity.HigherIsMoreSimilar);
            Number(json, "ideal", entry.Similarity.Ideal);
            Number(json, "mean", entry.Mean);
            Number(json, "standardError", entry.StandardError);
            json.WriteNumber("count", entry.Count);
            json.WriteStartArray("classes");
            foreach (ClassStatistics @class in entry.PerClass)
            {
                json.WriteStartObject();
                json.WriteString("class", @class.ClassName);
                Number(json, "mean", @class.Mean);
                Number(json, "standardError", @class.StandardError);
                json.WriteNumber("count", @class.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private string Table(bool perClass)
    {
        List<string[]> rows = [["", "mean", "std. error", "rows", .. perClass ? Similarities.Values.FirstOrDefault()?.PerClass.Select(entry => entry.ClassName) ?? [] : []]];
        foreach (SimilarityStatistics entry in Similarities.Values)
        {
            string name = entry.Similarity.Name + (entry.Similarity.HigherIsMoreSimilar ? string.Empty : " (lower is more similar)");
            rows.Add([name, Text(entry.Mean), Text(entry.StandardError), entry.Count.ToString(), .. perClass ? entry.PerClass.Select(@class => Text(@class.Mean)) : []]);
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            text.AppendJoin("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])));
            text.AppendLine();
        }

        text.Append(CultureInfo.InvariantCulture, $"{RowCount} rows attacked: {ValidCount} with a valid copy, {InvalidCount} without");
        text.AppendLine(LeftOutCount > 0 ? $"; {LeftOutCount} misclassified rows left out" : string.Empty);
        return text.Append(CultureInfo.InvariantCulture, $"accuracy before {Text(AccuracyBefore)}, after {Text(AccuracyAfter)} ({LabelledCount} rows with label)").ToString();
    }
}
