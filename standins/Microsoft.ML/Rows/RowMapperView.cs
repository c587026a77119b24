using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A data view with the columns that a mapper adds; also the mapper's row-to-row form.</summary>
internal sealed class RowMapperView : TransformView, IRowToRowMapper
{
    private readonly IRowMapper _mapper;
    private readonly ColumnBindings _bindings;

    public RowMapperView(IHost host, IDataView input, IRowMapper mapper)
        : base(host, input)
    {
        _mapper = mapper;
        _bindings = new(input.Schema, mapper.GetOutputColumns());
    }

    public override DataViewSchema Schema => _bindings.Schema;

    DataViewSchema IRowToRowMapper.InputSchema => Source.Schema;

    DataViewSchema IRowToRowMapper.OutputSchema => Schema;

    public static DataViewSchema GetOutputSchema(DataViewSchema inputSchema, IRowMapper mapper)
        => new ColumnBindings(inputSchema, mapper.GetOutputColumns()).Schema;

    public override long? GetRowCount() => Source.GetRowCount();

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        var dependencies = Dependencies(columnsNeeded, out bool[] active, out bool[] activeAdded);
        var inputs = Source.GetRowCursorSet(dependencies, n, rand);
        if (inputs.Length == 1 && n > 1 && activeAdded.Contains(true))
            inputs = CursorSplitter.Split(inputs[0], n);
        return inputs.Select(input => (DataViewRowCursor)new Cursor(input, this, active, activeAdded)).ToArray();
    }

    IEnumerable<DataViewSchema.Column> IRowToRowMapper.GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => Dependencies(dependingColumns, out _, out _);

    DataViewRow IRowToRowMapper.GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        Host.CheckValue(input, nameof(input));
        Host.Check(input.Schema == Source.Schema, "Schema of input row must be the same as the schema the mapper is bound to");
        _bindings.SplitActive(RowUtils.ActiveColumns(Schema, activeColumns), out _, out bool[] activeAdded);
        return new Row(input, this, activeAdded);
    }

    protected override DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        var dependencies = Dependencies(columnsNeeded, out bool[] active, out bool[] activeAdded);
        return new Cursor(Source.GetRowCursor(dependencies, rand), this, active, activeAdded);
    }

    private DataViewSchema.Column[] Dependencies(IEnumerable<DataViewSchema.Column> columns, out bool[] active, out bool[] activeAdded)
    {
        active = RowUtils.ActiveColumns(Schema, columns);
        _bindings.SplitActive(active, out bool[] activeInput, out bool[] added);
        activeAdded = added;
        var needed = _mapper.GetDependencies(i => added[i]);
        return Source.Schema.Where(column => activeInput[column.Index] || needed(column.Index)).ToArray();
    }

    /// <summary>The getters over one input row.</summary>
    private sealed class Getters
    {
        private readonly RowMapperView _view;
        private readonly DataViewRow _input;
        private readonly Delegate[] _added;
        private readonly Action _disposer;
        private bool _disposed;

        public Getters(RowMapperView view, DataViewRow input, bool[] activeAdded)
        {
            _view = view;
            _input = input;
            _added = view._mapper.CreateGetters(input, i => activeAdded[i], out _disposer);
        }

        public bool IsActive(DataViewSchema.Column column)
        {
            int index = _view._bindings.MapColumnIndex(out bool isSource, column.Index);
            return isSource ? _input.IsColumnActive(_input.Schema[index]) : _added[index] != null;
        }

        public ValueGetter<TValue> Get<TValue>(DataViewSchema.Column column)
        {
            int index = _view._bindings.MapColumnIndex(out bool isSource, column.Index);
            return isSource ? _input.GetGetter<TValue>(_input.Schema[index])
                : RowUtils.Cast<TValue>(_added[index] ?? throw RowUtils.Inactive(column), column);
        }

        public void Dispose()
        {
            if (_disposed)
                return;
            _disposed = true;
            _disposer?.Invoke();
            _input.Dispose();
        }
    }

    private sealed class Row(DataViewRow input, RowMapperView view, bool[] activeAdded) : DataViewRow
    {
        private readonly Getters _getters = new(view, input, activeAdded);

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => view.Schema;

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _getters.IsActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _getters.Get<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _getters.Dispose();
        }
    }

    private sealed class Cursor(DataViewRowCursor input, RowMapperView view, bool[] active, bool[] activeAdded) : WrappingCursor(input)
    {
        private readonly Getters _getters = new(view, input, activeAdded);

        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
            => IsColumnActive(column) ? _getters.Get<TValue>(column) : throw RowUtils.Inactive(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _getters.Dispose();
        }
    }
}
