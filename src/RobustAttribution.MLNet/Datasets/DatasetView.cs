using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>A dataset of images as a view with the columns Image, Label and the set's own. The files are read when the first row is.</summary>
internal sealed class DatasetView : IDataView
{
    private readonly IHostEnvironment environment;
    private readonly ImageDataset set;
    private readonly DatasetColumn[] columns;

    public DatasetView(IHostEnvironment environment, ImageDataset set, DatasetOptions options)
    {
        this.environment = environment;
        this.set = set;
        VectorFrame frame = VectorFrame.Of(options, set.VectorSize);
        DatasetColumn image = options.ImagesAsMLImage ? new MLImageDatasetColumn("Image", set.Size) : new VectorDatasetColumn("Image", set.Channels, frame);
        columns =
        [
            image,
            DatasetColumn.Class("Label", set.ClassNames, options.LabelsAsKey, set.Label),
            .. set.MoreColumns().Select(column => column is BoxDatasetColumn box ? box.For(options.ImagesAsMLImage ? null : frame) : column),
        ];
        var builder = new DataViewSchema.Builder();
        foreach (DatasetColumn column in columns)
        {
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        }

        Schema = builder.ToSchema();
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => true;

    public long? GetRowCount() => set.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        int[]? order = null;
        if (rand is not null)
        {
            order = [.. Enumerable.Range(0, set.Count)];
            rand.Shuffle(order);
        }

        return new Cursor(this, columnsNeeded, order);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly DatasetView view;
        private readonly int[]? order;
        private readonly bool[] active;
        private readonly DatasetRow row;
        private long position = -1;
        private bool ended;

        public Cursor(DatasetView view, IEnumerable<DataViewSchema.Column> columns, int[]? order)
        {
            this.view = view;
            this.order = order;
            row = new DatasetRow(view.set, () => Row);
            active = new bool[view.Schema.Count];
            foreach (DataViewSchema.Column column in columns)
            {
                active[column.Index] = true;
            }
        }

        public override long Position => position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        private int Row => position >= 0
            ? order is null ? (int)position : order[position]
            : throw new InvalidOperationException("A value was asked for before the first MoveNext, after the last row or after Dispose.");

        public override bool MoveNext()
        {
            HostSettings.CheckAlive(view.environment);
            bool moved = !ended && position + 1 < view.set.Count;
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

            return view.columns[column.Index].CreateGetter(row) as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"Column '{column.Name}' holds {Schema[column.Index].Type.RawType}; its getter was asked for {typeof(TValue)}.");
        }

        protected override void Dispose(bool disposing)
        {
            ended = true;
            position = -1;
            base.Dispose(disposing);
        }
    }
}
