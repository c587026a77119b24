namespace Microsoft.ML.Data;

/// <summary>A cursor in lock-step with another one.</summary>
internal abstract class WrappingCursor(DataViewRowCursor input) : DataViewRowCursor
{
    public override long Position => Input.Position;

    public override long Batch => Input.Batch;

    protected DataViewRowCursor Input => input;

    public override bool MoveNext() => Input.MoveNext();

    public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Input.Dispose();
    }
}
