using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A transformer of ours that adds one column, told from other columns of the same row without a network, bound to one input schema.</summary>
internal abstract class RowMapper : IRowToRowMapper
{
    protected RowMapper(DataViewSchema inputSchema, IReadOnlyList<DataViewSchema.Column> inputs, string name, DataViewType type, DataViewSchema.Annotations annotations)
    {
        InputSchema = inputSchema;
        Inputs = inputs;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        builder.AddColumn(name, type, annotations);
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The input columns from which the added one is told.</summary>
    public IReadOnlyList<DataViewSchema.Column> Inputs { get; }

    /// <summary>A getter of the added column; the source's columns <see cref="Inputs"/> are active.</summary>
    public abstract Delegate CreateGetter(DataViewRow source);

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        bool[] active = ActiveColumns(dependingColumns);
        return InputSchema.Where(column => active[column.Index] || (active[InputSchema.Count] && Inputs.Any(input => input.Index == column.Index)));
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        return input.Schema == InputSchema
            ? new MappedRow(this, input, ActiveColumns(activeColumns))
            : throw new ArgumentException("The row has another schema than the one this mapper was made for.", nameof(input));
    }

    /// <summary>One flag for each column of the output schema.</summary>
    public bool[] ActiveColumns(IEnumerable<DataViewSchema.Column> columns) => SchemaColumns.Active(OutputSchema, columns);

    /// <summary>A getter of any active column.</summary>
    public ValueGetter<TValue> GetGetter<TValue>(DataViewRow source, bool[] active, DataViewSchema.Column column)
    {
        if (column.Index >= active.Length || !active[column.Index])
        {
            throw new ArgumentException($"Column '{column.Name}' is not active in this cursor.", nameof(column));
        }

        if (column.Index < InputSchema.Count)
        {
            return source.GetGetter<TValue>(InputSchema[column.Index]);
        }

        return CreateGetter(source) as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' holds {OutputSchema[column.Index].Type.RawType}; its getter was asked for {typeof(TValue)}.");
    }
}

/// <summary>One row with the column of a <see cref="RowMapper"/> added.</summary>
internal sealed class MappedRow(RowMapper mapper, DataViewRow input, bool[] active) : DataViewRow
{
    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override DataViewSchema Schema => mapper.OutputSchema;

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => mapper.GetGetter<TValue>(input, active, column);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A cursor with the column of a <see cref="RowMapper"/> added.</summary>
internal sealed class MappedCursor(RowMapper mapper, DataViewRowCursor input, bool[] active) : DataViewRowCursor
{
    private bool disposed;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override DataViewSchema Schema => mapper.OutputSchema;

    public override bool MoveNext() => !disposed && input.MoveNext();

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => mapper.GetGetter<TValue>(input, active, column);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A view with the column of a <see cref="RowMapper"/> added, told when it is asked for.</summary>
internal sealed class MappedDataView(RowMapper mapper, IDataView input) : IDataView
{
    public DataViewSchema Schema => mapper.OutputSchema;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return new MappedCursor(mapper, input.GetRowCursor(mapper.GetDependencies(needed), rand), mapper.ActiveColumns(needed));
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        bool[] active = mapper.ActiveColumns(needed);
        return Array.ConvertAll(input.GetRowCursorSet(mapper.GetDependencies(needed), n, rand), part => (DataViewRowCursor)new MappedCursor(mapper, part, active));
    }
}
