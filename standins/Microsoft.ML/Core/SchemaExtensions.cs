namespace Microsoft.ML.Data;

internal static class SchemaExtensions
{
    public static DataViewSchema MakeSchema(IEnumerable<DataViewSchema.DetachedColumn> columns)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(columns);
        return builder.ToSchema();
    }

    public static bool TryGetColumnIndex(this DataViewSchema schema, string name, out int col)
    {
        col = schema.GetColumnOrNull(name)?.Index ?? -1;
        return col >= 0;
    }

    /// <summary>A name that no column has: the tag itself where it is free.</summary>
    public static string GetTempColumnName(this DataViewSchema schema, string tag)
    {
        string name = tag;
        for (int i = 0; schema.GetColumnOrNull(name) != null; i++)
            name = $"temp_{tag}_{i:000}";
        return name;
    }
}
