using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Some columns of a data view, in any order.</summary>
internal sealed class ColumnSubsetView : TransformView, IRowToRowMapper
{
    private readonly int[] _sources;

    public ColumnSubsetView(IHost host, IDataView source, IEnumerable<int> columns)
        : base(host, source)
    {
        _sources = columns.ToArray();
        Schema = SchemaExtensions.MakeSchema(_sources.Select(index => new DataViewSchema.DetachedColumn(source.Schema[index])));
    }

    public override DataViewSchema Schema { get; }

    DataViewSchema IRowToRowMapper.InputSchema => Source.Schema;

    DataViewSchema IRowToRowMapper.OutputSchema => Schema;

    protected override bool CanRunParallel => false;

    public override long? GetRowCount() => Source.GetRowCount();

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        return Source.GetRowCursorSet(Dependencies(active), n, rand).Select(input => (DataViewRowCursor)new Cursor(input, this, active)).ToArray();
    }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => Dependencies(RowUtils.ActiveColumns(Schema, dependingColumns));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Host.CheckValue(input, nameof(input));
        Host.Check(input.Schema == Source.Schema, "Schema of input row must be the same as the schema the mapper is bound to");
        return new Row(input, this, RowUtils.ActiveColumns(Schema, activeColumns));
    }

    protected override DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        return new Cursor(Source.GetRowCursor(Dependencies(active), rand), this, active);
    }

    private DataViewSchema.Column[] Dependencies(bool[] active)
    {
        var needed = _sources.Where((_, i) => active[i]).ToHashSet();
        return Source.Schema.Where(column => needed.Contains(column.Index)).ToArray();
    }

    private ValueGetter<TValue> GetGetter<TValue>(DataViewRow input, DataViewSchema.Column column, bool[] active)
        => active[column.Index] ? input.GetGetter<TValue>(input.Schema[_sources[column.Index]]) : throw RowUtils.Inactive(column);

    private sealed class Row(DataViewRow input, ColumnSubsetView view, bool[] active) : DataViewRow
    {
        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => view.Schema;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => view.GetGetter<TValue>(input, column, active);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                input.Dispose();
        }
    }

    private sealed class Cursor(DataViewRowCursor input, ColumnSubsetView view, bool[] active) : WrappingCursor(input)
    {
        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => view.GetGetter<TValue>(Input, column, active);
    }
}
