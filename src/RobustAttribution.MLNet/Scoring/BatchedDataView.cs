using Microsoft.ML;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>A view with the columns of a <see cref="BatchMapper"/> added, computed lazily and in batches.</summary>
internal sealed class BatchedDataView(BatchMapper mapper, IDataView input) : IDataView
{
    public DataViewSchema Schema => mapper.OutputSchema;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        bool[] active = mapper.ActiveColumns(columnsNeeded);
        DataViewSchema.Column[] passedThrough = PassedThrough(active);
        if (!mapper.AnyOutputActive(active))
        {
            return new BatchedCursor(mapper, input.GetRowCursor(passedThrough, rand), null, active);
        }

        // Two cursors in the same order: one in lock-step for the columns that pass through, one that reads pictures ahead. A buffered MLImage
        // could not be handed on, its source frees it with the next row (docs/decisions/two-cursors.md).
        int? seed = rand?.Next();
        DataViewRowCursor lockStep = input.GetRowCursor(passedThrough, Shuffle());
        try
        {
            return new BatchedCursor(mapper, lockStep, input.GetRowCursor(mapper.Inputs, Shuffle()), active);
        }
        catch
        {
            lockStep.Dispose();
            throw;
        }

        Random? Shuffle() => seed is int value ? new Random(value) : null;
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        bool[] active = mapper.ActiveColumns(columnsNeeded);
        if (mapper.AnyOutputActive(active))
        {
            return [GetRowCursor(columnsNeeded, rand)]; // n is a wish; a batch is computed in parallel within itself
        }

        DataViewRowCursor[] parts = input.GetRowCursorSet(PassedThrough(active), n, rand);
        return Array.ConvertAll(parts, part => (DataViewRowCursor)new BatchedCursor(mapper, part, null, active));
    }

    private DataViewSchema.Column[] PassedThrough(bool[] active)
        => mapper.InputSchema.Where(column => active[column.Index]).ToArray();
}
