using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A cursor over batches that other threads prepare.</summary>
internal sealed class BatchCursor : RootCursor
{
    private readonly Func<RowBatch> _nextBatch;
    private readonly Action _quit;
    private readonly BatchColumn[] _columns;
    private readonly int[] _indexOfColumn;
    private RowBatch _batch;
    private int _slot;

    /// <param name="schema">The columns.</param>
    /// <param name="active">Which of them the batches hold, in order; the row identifiers follow.</param>
    /// <param name="nextBatch">Waits for the next batch; null after the last.</param>
    /// <param name="quit">Called once, when the cursor is disposed of.</param>
    public BatchCursor(DataViewSchema schema, bool[] active, Func<RowBatch> nextBatch, Action quit)
        : base(schema, active)
    {
        _nextBatch = nextBatch;
        _quit = quit;
        _columns = BatchFiller.CreateColumns(schema, active, out _indexOfColumn);
    }

    public override long Batch => _batch?.Id ?? -1;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ValueGetter<DataViewRowId>)CreateGetter(_columns.Length - 1);

    protected override bool MoveNextCore()
    {
        if (_batch != null && ++_slot < _batch.Count)
            return true;
        _batch = _nextBatch();
        _slot = 0;
        if (_batch?.Error != null)
            throw Contracts.Except(_batch.Error, "Splitter/consolidator worker encountered exception while consuming source data");
        return _batch != null;
    }

    protected override Delegate CreateGetter(DataViewSchema.Column column)
        => CreateGetter(_indexOfColumn[column.Index]);

    protected override void DisposeCore() => _quit();

    private Delegate CreateGetter(int index) => _columns[index].CreateGetter(() => CurrentValues(index), () => _slot);

    private Array CurrentValues(int index)
    {
        CheckHasRow();
        return _batch.Columns[index];
    }
}
