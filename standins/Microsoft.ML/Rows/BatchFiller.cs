namespace Microsoft.ML.Data;

/// <summary>Collects the active columns and the row identifiers of a cursor into batches.</summary>
internal sealed class BatchFiller
{
    private readonly BatchColumn.Writer[] _writers;
    private readonly int _capacity;
    private int _count;

    public BatchFiller(DataViewRowCursor source, int capacity)
    {
        _capacity = capacity;
        bool[] active = source.Schema.Select(source.IsColumnActive).ToArray();
        var columns = CreateColumns(source.Schema, active, out _);
        var getters = source.Schema.Where(column => active[column.Index]).Select(source.GetGetter).Append(source.GetIdGetter());
        _writers = columns.Zip(getters, (column, getter) => column.StartWriting(getter)).ToArray();
    }

    public int Count => _count;

    public bool IsFull => _count == _capacity;

    /// <summary>The active columns in order, then the row identifiers.</summary>
    public static BatchColumn[] CreateColumns(DataViewSchema schema, bool[] active, out int[] indexOfColumn)
    {
        var columns = new List<BatchColumn>();
        indexOfColumn = new int[schema.Count];
        foreach (var column in schema.Where(column => active[column.Index]))
        {
            indexOfColumn[column.Index] = columns.Count;
            columns.Add(BatchColumn.Create(column.Type));
        }

        columns.Add(BatchColumn.Create(RowIdDataViewType.Instance));
        return columns.ToArray();
    }

    public void Add()
    {
        foreach (var writer in _writers)
            writer.Write(_count);
        _count++;
    }

    public RowBatch Take(long id)
    {
        var batch = new RowBatch(id, _count, _writers.Select(writer => writer.Take()).ToArray(), Error: null);
        _count = 0;
        return batch;
    }
}
