using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Row objects as a data view; each cursor goes through the sequence again.</summary>
internal sealed class EnumerableView<TRow> : IDataView
    where TRow : class
{
    private readonly IExceptionContext _ectx;
    private readonly IEnumerable<TRow> _rows;
    private readonly RowSchema _rowSchema;

    public EnumerableView(IExceptionContext ectx, IEnumerable<TRow> rows, SchemaDefinition definition)
    {
        _ectx = ectx;
        _rows = rows;
        _rowSchema = RowSchema.Create(typeof(TRow), definition, SchemaDefinition.Direction.Read);
        Schema = SchemaExtensions.MakeSchema(_rowSchema.Columns);
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => (_rows as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => new Cursor(this, RowUtils.ActiveColumns(Schema, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(EnumerableView<TRow> view, bool[] active) : RootCursor(view.Schema, active)
    {
        private readonly IEnumerator<TRow> _rows = view._rows.GetEnumerator();
        private TRow _row;

        protected override bool MoveNextCore()
        {
            bool moved = _rows.MoveNext();
            _row = moved ? _rows.Current : null;
            if (moved && _row == null)
                throw view._ectx.Except("Encountered null when iterating over data, this is not supported.");
            return moved;
        }

        protected override Delegate CreateGetter(DataViewSchema.Column column)
            => RowReader<TRow>.CreateGetter(view._rowSchema.Members[column.Index], column.Type, CurrentRow);

        protected override void DisposeCore() => _rows.Dispose();

        private TRow CurrentRow()
        {
            CheckHasRow();
            return _row;
        }
    }
}
