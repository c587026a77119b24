using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A cursor with a position of its own. After its last row it disposes of itself, and its position is -1 again.</summary>
internal abstract class RootCursor(DataViewSchema schema, bool[] active) : DataViewRowCursor
{
    private long _position = -1;
    private bool _disposed;

    public sealed override long Position => _position;

    public override long Batch => 0;

    public sealed override DataViewSchema Schema => schema;

    protected bool[] Active => active;

    public sealed override bool MoveNext()
    {
        if (_disposed)
            return false;
        if (MoveNextCore())
        {
            _position++;
            return true;
        }

        Dispose();
        return false;
    }

    public sealed override bool IsColumnActive(DataViewSchema.Column column)
    {
        Contracts.CheckParam(column.Index < active.Length, nameof(column));
        return active[column.Index];
    }

    public sealed override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        => IsColumnActive(column) ? RowUtils.Cast<TValue>(CreateGetter(schema[column.Index]), column) : throw RowUtils.Inactive(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
    {
        CheckHasRow();
        value = new((ulong)_position, 0);
    };

    /// <summary>Whether there is a next row; <see cref="Position"/> still is the last one's.</summary>
    protected abstract bool MoveNextCore();

    /// <summary>A getter of an active column, of the type that the column says.</summary>
    protected abstract Delegate CreateGetter(DataViewSchema.Column column);

    protected void CheckHasRow() => Contracts.Check(_position >= 0, RowUtils.NoCurrentRow);

    protected sealed override void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        _position = -1;
        if (disposing)
            DisposeCore();
    }

    protected virtual void DisposeCore()
    {
    }
}
