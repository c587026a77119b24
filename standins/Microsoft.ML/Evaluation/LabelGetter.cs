namespace Microsoft.ML.Data;

/// <summary>Reads labels as class numbers from 0; NaN stands for a missing one.</summary>
internal static class LabelGetter
{
    internal static ValueGetter<float> Create(DataViewRow row, DataViewSchema.Column column) => (column.Type, column.Type.RawType) switch
    {
        (KeyDataViewType key, var raw) when raw == typeof(byte) => Key<byte>(row, column, key.Count, value => value),
        (KeyDataViewType key, var raw) when raw == typeof(ushort) => Key<ushort>(row, column, key.Count, value => value),
        (KeyDataViewType key, var raw) when raw == typeof(uint) => Key<uint>(row, column, key.Count, value => value),
        (KeyDataViewType key, _) => Key<ulong>(row, column, key.Count, value => value),
        _ => row.GetGetter<float>(column),
    };

    private static ValueGetter<float> Key<TKey>(DataViewRow row, DataViewSchema.Column column, ulong count, Func<TKey, ulong> number)
    {
        var getKey = row.GetGetter<TKey>(column);
        TKey key = default;
        return (ref float label) =>
        {
            getKey(ref key);
            var value = number(key);
            label = value > 0 && value <= count ? value - 1 : float.NaN;
        };
    }
}
