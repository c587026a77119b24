using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Columns;

/// <summary>The texts of a row as a sentence, the file's name among them: the errors of ML.NET's image loader name no file.</summary>
internal static class RowTexts
{
    private const int Longest = 300; // characters of a text in an error

    /// <summary>The texts in a row of a view, which is read again for them; empty where it has none.</summary>
    /// <param name="data">The view.</param>
    /// <param name="id">The row's.</param>
    /// <param name="isDecoding">Whether the row's image could not be decoded, so that a text that is the name of a file says why.</param>
    public static string Of(IDataView data, DataViewRowId id, bool isDecoding)
    {
        DataViewSchema.Column[] texts = [.. data.Schema.Where(IsText)];
        if (texts.Length == 0)
        {
            return string.Empty;
        }

        using DataViewRowCursor cursor = data.GetRowCursor(texts);
        ValueGetter<DataViewRowId> getter = cursor.GetIdGetter();
        DataViewRowId found = default;
        while (cursor.MoveNext())
        {
            getter(ref found);
            if (found.Equals(id))
            {
                return Of(cursor, isDecoding);
            }
        }

        return string.Empty;
    }

    /// <summary>The texts in the active columns of a row; empty where it has none.</summary>
    /// <param name="row">The row.</param>
    /// <param name="isDecoding">As for a view.</param>
    public static string Of(DataViewRow row, bool isDecoding)
    {
        (string Name, string Text)[] texts =
            [.. row.Schema.Where(column => IsText(column) && row.IsColumnActive(column)).Select(column => (column.Name, Read(row, column)))];
        if (texts.Length == 0)
        {
            return string.Empty;
        }

        string? reason = texts.Where(entry => isDecoding && File.Exists(entry.Text))
            .Select(entry => ImageDecoder.Problem(entry.Text))
            .FirstOrDefault(problem => problem is not null);
        string list = string.Join(", ", texts.Select(entry => $"{entry.Name} is '{Short(entry.Text)}'"));
        return $" In that row {list}.{(reason is null ? string.Empty : $" {reason}")}";
    }

    private static bool IsText(DataViewSchema.Column column) => !column.IsHidden && column.Type is TextDataViewType;

    private static string Read(DataViewRow row, DataViewSchema.Column column)
    {
        ReadOnlyMemory<char> text = default;
        row.GetGetter<ReadOnlyMemory<char>>(column)(ref text);
        return text.ToString();
    }

    private static string Short(string text) => text.Length <= Longest ? text : $"{text[..Longest]}…";
}
