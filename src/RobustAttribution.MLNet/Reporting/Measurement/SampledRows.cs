using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>A number of rows, evenly spaced over another view: of a folder sorted by class some of each class. The rows between are passed over without reading a column.</summary>
internal sealed class SampledRows : IDataView
{
    private readonly IDataView source;
    private readonly long rows;
    private readonly int wanted;

    private SampledRows(IDataView source, long rows, int wanted)
    {
        this.source = source;
        this.rows = rows;
        this.wanted = wanted;
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema => source.Schema;

    /// <summary>The view itself where it has no more rows than wanted.</summary>
    public static (IDataView View, long Rows) Of(IDataView source, int wanted)
    {
        long rows = source.GetRowCount() ?? Count(source);
        return (rows <= wanted ? source : new SampledRows(source, rows, wanted), rows);
    }

    public long? GetRowCount() => wanted;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) => new Cursor(this, source.GetRowCursor(columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private static long Count(IDataView source)
    {
        using DataViewRowCursor cursor = source.GetRowCursor([]);
        long rows = 0;
        while (cursor.MoveNext())
        {
            rows++;
        }

        return rows;
    }

    /// <summary>The source's row that the i-th row is.</summary>
    private long Row(long i) => i * rows / wanted;

    private sealed class Cursor(SampledRows sample, DataViewRowCursor inner) : DataViewRowCursor
    {
        private long position = -1;
        private bool ended;
        private bool disposed;

        public override long Position => position;

        public override long Batch => inner.Batch;

        public override DataViewSchema Schema => sample.Schema;

        public override bool MoveNext()
        {
            if (!disposed && !ended && position + 1 < sample.wanted)
            {
                long target = sample.Row(position + 1);
                while (inner.MoveNext())
                {
                    if (inner.Position == target)
                    {
                        position++;
                        return true;
                    }
                }
            }

            ended = true;
            position = -1;
            return false;
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
