using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Those rows of a data view that pass a test on some columns.</summary>
internal sealed class FilterView : TransformView
{
    private readonly HashSet<int> _tested;
    private readonly Func<DataViewRow, Func<bool>> _createTest;

    /// <param name="env">The environment.</param>
    /// <param name="name">The filter's name in messages.</param>
    /// <param name="source">The rows.</param>
    /// <param name="tested">The columns that the test reads.</param>
    /// <param name="createTest">Makes the test of the present row.</param>
    public FilterView(IHostEnvironment env, string name, IDataView source, IEnumerable<int> tested, Func<DataViewRow, Func<bool>> createTest)
        : base(env.Register(name), source)
    {
        _tested = tested.ToHashSet();
        _createTest = createTest;
    }

    public override DataViewSchema Schema => Source.Schema;

    public override long? GetRowCount() => null;

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        return Source.GetRowCursorSet(Needed(active), n, rand).Select(input => (DataViewRowCursor)new Cursor(input, this, active)).ToArray();
    }

    protected override DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        return new Cursor(Source.GetRowCursor(Needed(active), rand), this, active);
    }

    private DataViewSchema.Column[] Needed(bool[] active)
        => Schema.Where(column => active[column.Index] || _tested.Contains(column.Index)).ToArray();

    private sealed class Cursor(DataViewRowCursor input, FilterView view, bool[] active) : LinkedCursor(input, view.Schema, active)
    {
        private readonly Func<bool> _passes = view._createTest(input);

        protected override bool MoveNextCore()
        {
            while (Input.MoveNext())
            {
                if (_passes())
                    return true;
            }

            return false;
        }
    }
}
