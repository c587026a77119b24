namespace Microsoft.ML.Data;

/// <summary>
/// Where the columns of a mapper's output come from. An added column goes to the end, or, where its name is taken, right after
/// the column that it hides.
/// </summary>
internal sealed class ColumnBindings
{
    private readonly int[] _sources; // input column i, or ~i for added column i

    public ColumnBindings(DataViewSchema input, DataViewSchema.DetachedColumn[] addedColumns)
    {
        InputSchema = input;
        var columns = input.Select((column, i) => (Column: new DataViewSchema.DetachedColumn(column), Source: i)).ToList();
        for (int i = 0; i < addedColumns.Length; i++)
        {
            int hidden = columns.FindLastIndex(column => column.Column.Name == addedColumns[i].Name);
            columns.Insert(hidden < 0 ? columns.Count : hidden + 1, (addedColumns[i], ~i));
        }

        Schema = SchemaExtensions.MakeSchema(columns.Select(column => column.Column));
        _sources = columns.Select(column => column.Source).ToArray();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema Schema { get; }

    /// <summary>The index of the column in the input, or among the added columns.</summary>
    public int MapColumnIndex(out bool isSrcColumn, int col)
    {
        int source = _sources[col];
        isSrcColumn = source >= 0;
        return isSrcColumn ? source : ~source;
    }

    /// <summary>Splits active output columns into active input columns and a question for the added ones.</summary>
    public void SplitActive(bool[] active, out bool[] activeInput, out bool[] activeAdded)
    {
        activeInput = new bool[InputSchema.Count];
        activeAdded = new bool[_sources.Length - InputSchema.Count];
        for (int i = 0; i < _sources.Length; i++)
        {
            if (_sources[i] >= 0)
                activeInput[_sources[i]] = active[i];
            else
                activeAdded[~_sources[i]] = active[i];
        }
    }
}
