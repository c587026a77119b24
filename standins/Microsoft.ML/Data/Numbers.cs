using System.Numerics;

namespace Microsoft.ML.Data;

/// <summary>Numbers, keys and Booleans of any width, as double.</summary>
internal static class Numbers
{
    public static bool AreReadable(DataViewType type) => type is NumberDataViewType or KeyDataViewType or BooleanDataViewType;

    /// <summary>Reads the column's present value.</summary>
    public static Func<double> Reader(DataViewRow row, DataViewSchema.Column column)
        => column.Type is BooleanDataViewType ? Boolean(row, column) : RowUtils.Generic<Func<double>>(Number<int>, column.Type.RawType, row, column);

    private static Func<double> Boolean(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<bool>(column);
        bool value = false;
        return () =>
        {
            getter(ref value);
            return value ? 1 : 0;
        };
    }

    private static Func<double> Number<T>(DataViewRow row, DataViewSchema.Column column)
        where T : INumberBase<T>
    {
        var getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return double.CreateChecked(value);
        };
    }
}
