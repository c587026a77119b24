using Microsoft.ML;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Finds columns, with errors that say what there is.</summary>
internal static class SchemaColumns
{
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public static DataViewSchema.Column Require(DataViewSchema schema, string name, string expected)
        => schema.GetColumnOrNull(name) ?? throw Missing(name, expected, schema.Where(column => !column.IsHidden).Select(column => column.Name));

    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public static SchemaShape.Column Require(SchemaShape shape, string name, string expected)
        => Interop.ShapeColumns.Find(shape, name) ?? throw Missing(name, expected, shape.Select(column => column.Name));

    /// <summary>One flag for each column of a schema: whether it is among <paramref name="columns"/>.</summary>
    /// <exception cref="ArgumentException">A column is of another schema.</exception>
    public static bool[] Active(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        bool[] active = new bool[schema.Count];
        foreach (DataViewSchema.Column column in columns)
        {
            if (column.Index >= active.Length || column.Name != schema[column.Index].Name)
            {
                throw new ArgumentException($"Column '{column.Name}' (index {column.Index}) is not part of this view's schema.", nameof(columns));
            }

            active[column.Index] = true;
        }

        return active;
    }

    private static ArgumentOutOfRangeException Missing(string name, string expected, IEnumerable<string> present)
        => new(nameof(name), $"Could not find column '{name}', {expected}. The columns are: {string.Join(", ", present)}.");
}
