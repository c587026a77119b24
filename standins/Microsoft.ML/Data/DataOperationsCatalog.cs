using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Makes data views, and from them subsets, orders and splits.</summary>
public sealed partial class DataOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal DataOperationsCatalog(IHostEnvironment env) => _env = env;

    IHostEnvironment IInternalCatalog.Environment => _env;

    /// <summary>Row objects as a data view. The sequence is read anew by each cursor, and must give the same rows each time.</summary>
    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, SchemaDefinition schemaDefinition = null)
        where TRow : class
    {
        _env.CheckValue(data, nameof(data));
        return new EnumerableView<TRow>(_env, data, schemaDefinition);
    }

    /// <summary>Row objects as a data view with the column types and annotations of <paramref name="schema"/>.</summary>
    public IDataView LoadFromEnumerable<TRow>(IEnumerable<TRow> data, DataViewSchema schema)
        where TRow : class
    {
        _env.CheckValue(data, nameof(data));
        _env.CheckValue(schema, nameof(schema));
        return new EnumerableView<TRow>(_env, data, RowSchema.Define(_env, typeof(TRow), schema));
    }

    /// <summary>The rows as objects, one new object per row or, with <paramref name="reuseRowObject"/>, one for all.</summary>
    public IEnumerable<TRow> CreateEnumerable<TRow>(
        IDataView data, bool reuseRowObject, bool ignoreMissingColumns = false, SchemaDefinition schemaDefinition = null)
        where TRow : class, new()
    {
        _env.CheckValue(data, nameof(data));
        var writer = new RowWriter<TRow>(_env, data.Schema, ignoreMissingColumns, schemaDefinition);
        return Rows();

        IEnumerable<TRow> Rows()
        {
            using var cursor = data.GetRowCursor(writer.Columns);
            var fill = writer.Bind(cursor);
            TRow row = null;
            while (cursor.MoveNext())
            {
                if (row == null || !reuseRowObject)
                    row = new TRow();
                fill(row);
                yield return row;
            }
        }
    }
}
