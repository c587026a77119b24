using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>
/// A dataset of images as a view that can be shuffled. Its rows are counted, which reads lists of files but no images, when the first is asked
/// for.
/// </summary>
internal sealed class DatasetView : IDataView
{
    private const int BlockRows = 16; // that one cursor of a set reads before the next one does
    private readonly IHostEnvironment environment;
    private readonly Lazy<int> count;
    private readonly IReadOnlyList<DatasetColumn> columns;

    /// <param name="environment">For cancellation and the log.</param>
    /// <param name="count">Counts the rows.</param>
    /// <param name="columns">The columns.</param>
    public DatasetView(IHostEnvironment environment, Func<int> count, IReadOnlyList<DatasetColumn> columns)
    {
        this.environment = environment;
        this.count = new Lazy<int>(count);
        this.columns = columns;
        var builder = new DataViewSchema.Builder();
        foreach (DatasetColumn column in columns)
        {
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        }

        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => true;

    public long? GetRowCount() => count.Value;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        return new Cursor(this, SchemaColumns.Active(Schema, columnsNeeded), Order(rand), 0, 1);
    }

    /// <remarks>Blocks of rows go to the cursors in turn, so that files are decoded on as many threads.</remarks>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        bool[] active = SchemaColumns.Active(Schema, columnsNeeded);
        int[]? order = Order(rand);
        int parts = Math.Clamp(n, 1, 1 + (count.Value / BlockRows));
        return [.. Enumerable.Range(0, parts).Select(part => new Cursor(this, active, order, part, parts))];
    }

    private int[]? Order(Random? rand)
    {
        if (rand is null)
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, count.Value)];
        rand.Shuffle(order);
        return order;
    }

    /// <param name="view">The dataset.</param>
    /// <param name="active">One flag for each column.</param>
    /// <param name="order">The rows in the order of the pass; null for their own.</param>
    /// <param name="part">Which of the cursors of a set it is.</param>
    /// <param name="parts">Cursors of the set.</param>
    private sealed class Cursor(DatasetView view, bool[] active, int[]? order, int part, int parts) : DataViewRowCursor
    {
        private long position = -1; // rows of this cursor
        private bool ended;

        public override long Position => position;

        public override long Batch => Place(position) / BlockRows;

        public override DataViewSchema Schema => view.Schema;

        private int Row => position >= 0
            ? order is null ? (int)Place(position) : order[Place(position)]
            : throw new InvalidOperationException("A value was asked for before the first MoveNext, after the last row or after Dispose.");

        public override bool MoveNext()
        {
            HostSettings.CheckAlive(view.environment);
            bool moved = !ended && Place(position + 1) < view.count.Value;
            ended |= !moved;
            position = moved ? position + 1 : -1;
            return moved;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)Row, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
            {
                throw new ArgumentException($"Column '{column.Name}' is not active in this cursor.", nameof(column));
            }

            return view.columns[column.Index].CreateGetter(() => Row) as ValueGetter<TValue>
                ?? throw new InvalidOperationException(
                    $"Column '{column.Name}' holds {Schema[column.Index].Type.RawType}; its getter was asked for {typeof(TValue)}.");
        }

        /// <summary>The place in the whole pass of a row of this cursor.</summary>
        private long Place(long row) => (((row / BlockRows * parts) + part) * BlockRows) + (row % BlockRows);

        protected override void Dispose(bool disposing)
        {
            ended = true;
            position = -1;
            base.Dispose(disposing);
        }
    }
}
