using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>
/// A cursor that serves the input's columns from one cursor in lock-step, and the added columns from batches that a second one reads ahead.
/// A batch is read and computed when the first value of it is asked for, so whoever asks for nothing pays nothing.
/// </summary>
/// <remarks>Batches start at multiples of the batch size whatever is asked for, so a row's values do not depend on it. No thread affinity.</remarks>
internal sealed class BatchedCursor : DataViewRowCursor
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly BatchMapper mapper;
    private readonly DataViewRowCursor lockStep;
    private readonly DataViewRowCursor? ahead;
    private readonly bool[] active;
    private readonly BatchComputation? computation;
    private readonly RowProgress? progress;
    private readonly DataViewRowId[] ids;
    private readonly ValueGetter<DataViewRowId> lockStepId;
    private readonly ValueGetter<DataViewRowId>? aheadId;
    private long position = -1;
    private long aheadPosition = -1;
    private long batchStart;
    private int batchCount;
    private bool disposed;
    private ExceptionDispatchInfo? failure;

    public BatchedCursor(BatchMapper mapper, IDataView input, DataViewRowCursor lockStep, DataViewRowCursor? ahead, bool[] active)
    {
        this.mapper = mapper;
        this.lockStep = lockStep;
        this.ahead = ahead;
        this.active = active;
        lockStepId = lockStep.GetIdGetter();
        if (ahead is null)
        {
            ids = [];
            return;
        }

        aheadId = ahead.GetIdGetter();
        ids = new DataViewRowId[mapper.BatchSize];
        computation = new BatchComputation(mapper, ahead, active, mapper.BatchSize, input);
        progress = new RowProgress(mapper.Environment, mapper.Name, input.GetRowCount(), ReportInterval);
    }

    public override long Position => position;

    public override long Batch => lockStep.Batch;

    public override DataViewSchema Schema => mapper.OutputSchema;

    public override bool MoveNext()
    {
        HostSettings.CheckAlive(mapper.Environment);
        bool moved = !disposed && lockStep.MoveNext();
        position = moved ? position + 1 : -1;
        return moved;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override ValueGetter<DataViewRowId> GetIdGetter() => lockStepId;

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        => mapper.GetGetter<TValue>(lockStep, computation, active, column, RowInBatch);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            position = -1;
            lockStep.Dispose();
            ahead?.Dispose();
            progress?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The current row's place in the batch, which is computed first where it has not been yet.</summary>
    private int RowInBatch()
    {
        if (position < 0)
        {
            throw new InvalidOperationException("A value was asked for before the first MoveNext, after the last row or after Dispose.");
        }

        if (position >= batchStart + batchCount)
        {
            failure?.Throw();
            try
            {
                ReadBatch();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error); // the cursor ahead cannot go back: the same answer from now on
                throw;
            }
        }

        int row = (int)(position - batchStart);
        DataViewRowId id = default;
        lockStepId(ref id);
        return row < batchCount && id.Equals(ids[row]) ? row : throw Unrepeatable();
    }

    private void ReadBatch()
    {
        batchStart = position - (position % mapper.BatchSize);
        batchCount = 0;
        while (aheadPosition < batchStart - 1)
        {
            MoveAhead();
        }

        progress!.BeginBatch();
        int count = 0;
        for (; count < mapper.BatchSize && MoveAhead(); count++)
        {
            aheadId!(ref ids[count]);
            computation!.Load(count);
        }

        if (count == 0)
        {
            throw Unrepeatable();
        }

        computation!.Compute();
        batchCount = count;
        progress.EndBatch(count);
    }

    private bool MoveAhead()
    {
        HostSettings.CheckAlive(mapper.Environment);
        aheadPosition++;
        return ahead!.MoveNext();
    }

    private InvalidOperationException Unrepeatable()
        => new($"Two passes over the same data gave different rows (at row {position}), so images cannot be read ahead."
            + " Make the data repeatable, e.g. with mlContext.Data.Cache or AppendCacheCheckpoint.");
}
