using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The rows of a data view without the first <paramref name="skip"/>, at most <paramref name="take"/> of them.</summary>
internal sealed class SkipTakeView(IHostEnvironment env, IDataView source, long skip, long take)
    : TransformView(env.Register("SkipTakeFilter"), source)
{
    public override bool CanShuffle => false;

    public override DataViewSchema Schema => Source.Schema;

    protected override bool CanRunParallel => false;

    public override long? GetRowCount() => take == 0 ? 0 : Source.GetRowCount() is { } count ? Math.Clamp(count - skip, 0, take) : null;

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded)];

    protected override DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        return new Cursor(Source.GetRowCursor(columnsNeeded), active, skip, take);
    }

    private sealed class Cursor(DataViewRowCursor input, bool[] active, long skip, long take) : LinkedCursor(input, input.Schema, active)
    {
        private long _toSkip = skip;
        private long _toTake = take;

        public override long Batch => 0;

        protected override bool MoveNextCore()
        {
            if (_toTake == 0)
                return false;
            _toTake--;
            for (; _toSkip > 0; _toSkip--)
            {
                if (!Input.MoveNext())
                    return false;
            }

            return Input.MoveNext();
        }
    }
}
