using Microsoft.ML;
using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>
/// One row with the columns of a <see cref="BatchMapper"/> added, computed when one of them is asked for, once for each position of the input row.
/// </summary>
internal sealed class BatchedRow : DataViewRow
{
    private readonly BatchMapper mapper;
    private readonly DataViewRow input;
    private readonly bool[] active;
    private readonly BatchComputation? computation;
    private long computedAt = -1;

    public BatchedRow(BatchMapper mapper, DataViewRow input, bool[] active)
    {
        this.mapper = mapper;
        this.input = input;
        this.active = active;
        computation = mapper.AnyOutputActive(active) ? new BatchComputation(mapper, input, active, 1) : null;
    }

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override DataViewSchema Schema => mapper.OutputSchema;

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        => mapper.GetGetter<TValue>(input, computation, active, column, () =>
        {
            if (input.Position != computedAt)
            {
                computedAt = -1;
                computation!.Load(0);
                computation.Compute();
                computedAt = input.Position;
            }

            return 0;
        });

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}
