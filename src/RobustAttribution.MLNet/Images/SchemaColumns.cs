using Microsoft.ML;

namespace RobustAttribution.MLNet.Images;

/// <summary>Finds columns, with errors that say what there is.</summary>
internal static class SchemaColumns
{
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public static DataViewSchema.Column Require(DataViewSchema schema, string name, string expected)
        => schema.GetColumnOrNull(name) ?? throw Missing(name, expected, schema.Where(column => !column.IsHidden).Select(column => column.Name));

    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    public static SchemaShape.Column Require(SchemaShape shape, string name, string expected)
        => Interop.ShapeColumns.Find(shape, name) ?? throw Missing(name, expected, shape.Select(column => column.Name));

    private static ArgumentOutOfRangeException Missing(string name, string expected, IEnumerable<string> present)
        => new(nameof(name), $"Could not find column '{name}', {expected}. The columns are: {string.Join(", ", present)}.");
}
