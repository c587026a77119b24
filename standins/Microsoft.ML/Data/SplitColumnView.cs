using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Adds a column of numbers in [0, 1) by which rows are dealt to splits: random by the row's place, or, with a sampling key, the same
/// number for all rows with the same key.
/// </summary>
internal sealed class SplitColumnView : TransformView
{
    private readonly ColumnBindings _bindings;
    private readonly DataViewSchema.Column? _key;
    private readonly uint _seed;

    public SplitColumnView(IHostEnvironment env, IDataView source, string name, string samplingKeyColumn, uint seed)
        : base(env.Register("GenerateNumber"), source)
    {
        _seed = seed;
        _key = samplingKeyColumn == null ? null : source.Schema[samplingKeyColumn];
        _bindings = new(source.Schema, [new(name, NumberDataViewType.Single)]);
    }

    public override bool CanShuffle => false;

    public override DataViewSchema Schema => _bindings.Schema;

    protected override bool CanRunParallel => false;

    public override long? GetRowCount() => Source.GetRowCount();

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
        => [GetRowCursor(columnsNeeded)];

    protected override DataViewRowCursor GetRowCursorCore(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        bool[] active = RowUtils.ActiveColumns(Schema, columnsNeeded);
        _bindings.SplitActive(active, out bool[] activeInput, out bool[] activeAdded);
        var needed = Source.Schema.Where(column => activeInput[column.Index] || (activeAdded[0] && column.Index == _key?.Index));
        return new Cursor(Source.GetRowCursor(needed.ToArray()), this, active);
    }

    /// <summary>A well-mixed function of 64 bits (SplitMix64's finisher), as a number in [0, 1).</summary>
    private static float ToUnitInterval(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        bits ^= bits >> 31;
        return (bits >> 40) * (1f / (1 << 24));
    }

    private static Func<ulong> Hash<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return Fold(MemoryMarshal.AsBytes(value is ReadOnlyMemory<char> text ? text.Span : Convert.ToString(value).AsSpan()));
        };
    }

    private static ulong Fold(ReadOnlySpan<byte> bytes) // FNV-1a
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte value in bytes)
            hash = (hash ^ value) * 0x100000001B3;
        return hash;
    }

    private sealed class Cursor(DataViewRowCursor input, SplitColumnView view, bool[] active) : WrappingCursor(input)
    {
        public override DataViewSchema Schema => view.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw RowUtils.Inactive(column);
            int index = view._bindings.MapColumnIndex(out bool isSource, column.Index);
            return isSource ? Input.GetGetter<TValue>(Input.Schema[index]) : RowUtils.Cast<TValue>(Number(), column);
        }

        private ValueGetter<float> Number()
        {
            ulong offset = view._seed * 0x9E3779B97F4A7C15;
            var rowBits = view._key is { } key
                ? RowUtils.Generic<Func<ulong>>(Hash<int>, key.Type.RawType, Input, key)
                : () => (ulong)Position * 0xD1B54A32D192ED03;
            return (ref float value) => value = ToUnitInterval(rowBits() + offset);
        }
    }
}
