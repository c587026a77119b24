using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.Examples;

/// <summary>A view that tells how many of its rows were read, and stops whoever reads it when the user wants to stop. Put it around the slow step: rows come as fast as it makes them.</summary>
public sealed class WatchedRows(IDataView source, long count, Action<double> tell, CancellationToken cancellation) : IDataView
{
    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this, source.GetRowCursor(columnsNeeded, rand));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private void Passed(long rows)
    {
        cancellation.ThrowIfCancellationRequested();
        tell(Math.Min(1, (double)rows / Math.Max(1, count)));
    }

    private sealed class Cursor(WatchedRows view, DataViewRowCursor inner) : DataViewRowCursor
    {
        private bool disposed;

        public override long Position => inner.Position;

        public override long Batch => inner.Batch;

        public override DataViewSchema Schema => inner.Schema;

        public override bool MoveNext()
        {
            bool moved = inner.MoveNext();
            if (moved)
            {
                view.Passed(inner.Position);
            }

            return moved;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => inner.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => inner.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => inner.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing && !disposed)
            {
                disposed = true;
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
