using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Row mappers one after the other.</summary>
internal sealed class CompositeRowToRowMapper(DataViewSchema inputSchema, IReadOnlyList<IRowToRowMapper> mappers) : IRowToRowMapper, IDisposable
{
    private bool _disposed;

    public DataViewSchema InputSchema { get; } = inputSchema;

    public DataViewSchema OutputSchema { get; } = mappers.Count == 0 ? inputSchema : mappers[^1].OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        for (int i = mappers.Count - 1; i >= 0; i--)
            dependingColumns = mappers[i].GetDependencies(dependingColumns);
        return dependingColumns;
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Contracts.CheckValue(input, nameof(input));
        Contracts.CheckValue(activeColumns, nameof(activeColumns));
        Contracts.CheckParam(input.Schema == InputSchema, nameof(input), "Schema did not match original schema");
        var active = activeColumns.ToArray();
        if (mappers.Count == 0)
        {
            foreach (var column in active)
            {
                if (!input.IsColumnActive(input.Schema[column.Index]))
                    throw Contracts.ExceptParam(nameof(input), $"Mapper required column '{column.Name}' active but it was not.");
            }
        }

        var wanted = new IEnumerable<DataViewSchema.Column>[mappers.Count];
        for (int i = mappers.Count - 1; i >= 0; i--)
            wanted[i] = i == mappers.Count - 1 ? active : mappers[i + 1].GetDependencies(wanted[i + 1]);
        var row = input;
        for (int i = 0; i < mappers.Count; i++)
            row = mappers[i].GetRow(row, wanted[i]);
        return row;
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var mapper in mappers)
            (mapper as IDisposable)?.Dispose();
    }
}
