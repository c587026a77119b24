namespace Microsoft.ML.Data;

/// <summary>A schema without rows.</summary>
internal sealed class EmptyDataView(DataViewSchema schema) : IDataView
{
    public bool CanShuffle => true;

    public DataViewSchema Schema => schema;

    public long? GetRowCount() => 0;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => new Cursor(schema, RowUtils.ActiveColumns(schema, columnsNeeded));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewSchema schema, bool[] active) : RootCursor(schema, active)
    {
        protected override bool MoveNextCore() => false;

        protected override Delegate CreateGetter(DataViewSchema.Column column) => RowUtils.Generic<Delegate>(NoValue<int>, column.Type.RawType);

        private static Delegate NoValue<T>() => (ValueGetter<T>)((ref T _) => throw new InvalidOperationException(RowUtils.NoCurrentRow));
    }
}
