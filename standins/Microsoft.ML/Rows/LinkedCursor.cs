namespace Microsoft.ML.Data;

/// <summary>A cursor over some of the rows of another one, with positions of its own.</summary>
internal abstract class LinkedCursor(DataViewRowCursor input, DataViewSchema schema, bool[] active) : RootCursor(schema, active)
{
    public override long Batch => Input.Batch;

    protected DataViewRowCursor Input => input;

    public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected override Delegate CreateGetter(DataViewSchema.Column column) => Input.GetGetter(column);

    protected override void DisposeCore() => Input.Dispose();
}
