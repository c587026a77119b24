using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>The least and greatest value of each slot of a column; NaN does not count.</summary>
internal sealed class SlotRanges
{
    private readonly double[] _min;
    private readonly double[] _max;

    public SlotRanges(DataViewRow row, DataViewSchema.Column column)
    {
        int size = column.Type.GetValueCount();
        _min = Enumerable.Repeat(double.PositiveInfinity, size).ToArray();
        _max = Enumerable.Repeat(double.NegativeInfinity, size).ToArray();
        Add = RowUtils.Generic<Action>(
            column.Type is VectorDataViewType ? Vector<float> : Scalar<float>, column.Type.GetItemType().RawType, this, row, column);
    }

    /// <summary>Takes the present row's values in.</summary>
    public Action Add { get; }

    /// <summary>Slot by slot (value - offset) · scale brings the values to [0, 1], or, with <paramref name="fixZero"/>, to [-1, 1] with offset 0.</summary>
    public SlotScales Scales(bool fixZero)
    {
        var offsets = _min.Select(min => fixZero || double.IsInfinity(min) ? 0 : min).ToArray();
        var scales = _min.Zip(_max, (min, max) =>
        {
            double range = fixZero ? Math.Max(Math.Abs(min), Math.Abs(max)) : max - min;
            return range > 0 && double.IsFinite(range) ? 1 / range : 0;
        }).ToArray();
        return new(offsets, scales);
    }

    private static Action Scalar<T>(SlotRanges ranges, DataViewRow row, DataViewSchema.Column column)
        where T : INumberBase<T>
    {
        var getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            ranges.Widen(0, double.CreateChecked(value));
        };
    }

    private static Action Vector<T>(SlotRanges ranges, DataViewRow row, DataViewSchema.Column column)
        where T : INumberBase<T>
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> values = default;
        return () =>
        {
            getter(ref values);
            foreach (var (slot, value) in values.Items(all: true))
                ranges.Widen(slot, double.CreateChecked(value));
        };
    }

    private void Widen(int slot, double value)
    {
        if (double.IsNaN(value))
            return;
        _min[slot] = Math.Min(_min[slot], value);
        _max[slot] = Math.Max(_max[slot], value);
    }
}

/// <summary>What each slot is shifted and multiplied by.</summary>
internal sealed record SlotScales(double[] Offsets, double[] Scales);
