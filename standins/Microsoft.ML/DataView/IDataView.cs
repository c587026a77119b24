namespace Microsoft.ML;

/// <summary>A lazy, schematised table: rows are computed when a cursor asks for them, and only in the columns it asked for.</summary>
public interface IDataView
{
    /// <summary>Whether cursors honour a random generator.</summary>
    bool CanShuffle { get; }

    DataViewSchema Schema { get; }

    /// <summary>The number of rows, or null where it is unknown without a pass over the data.</summary>
    long? GetRowCount();

    DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null);

    /// <summary>Cursors that partition the rows; at most, but perhaps fewer than, <paramref name="n"/>.</summary>
    DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null);
}
