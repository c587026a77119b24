using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Computes the current row's value of a column into <paramref name="value"/>, whose buffers may be reused.</summary>
public delegate void ValueGetter<TValue>(ref TValue value);

/// <summary>One row, read through typed getters.</summary>
public abstract class DataViewRow : IDisposable
{
    /// <summary>The row's number in its cursor; -1 before the first and after the last.</summary>
    public abstract long Position { get; }

    /// <summary>Orders the rows of a cursor set: rows of a smaller batch come first, rows of one batch all come from one cursor.</summary>
    public abstract long Batch { get; }

    public abstract DataViewSchema Schema { get; }

    public abstract ValueGetter<DataViewRowId> GetIdGetter();

    public abstract bool IsColumnActive(DataViewSchema.Column column);

    public abstract ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>A row that moves; it starts before the first row.</summary>
public abstract class DataViewRowCursor : DataViewRow
{
    public abstract bool MoveNext();
}
