using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// A data view over another one. A cursor over columns that can cross threads is made of a cursor set, whose rows are computed ahead
/// on other threads and put back into order.
/// </summary>
internal abstract class TransformView : IDataView
{
    protected TransformView(IHost host, IDataView source)
    {
        Host = host;
        Source = Host.CheckRef(source, nameof(source));
    }

    public IDataView Source { get; }

    public virtual bool CanShuffle => Source.CanShuffle;

    public abstract DataViewSchema Schema { get; }

    protected IHost Host { get; }

    /// <summary>Whether rows may be computed on other threads.</summary>
    protected virtual bool CanRunParallel => true;

    public abstract long? GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        var columns = Schema.Where(column => active[column.Index]).ToArray();
        if (!CanShuffle)
            rand = null;
        if (!CanRunParallel || !columns.All(column => column.Type.IsCacheable()))
            return GetRowCursorCore(columns, rand);
        return CursorSplitter.Consolidate(GetRowCursorSet(columns, CursorSplitter.ThreadCount, rand));
    }

    public abstract DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null);

    protected abstract DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand);
}
