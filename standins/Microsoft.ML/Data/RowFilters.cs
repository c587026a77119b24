using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The tests of the built-in filters.</summary>
internal static class RowFilters
{
    /// <summary>
    /// Rows whose value lies in [min, max), or in [min, max] with <paramref name="includeMax"/>, or outside with <paramref name="complement"/>.
    /// Key k of n counts as (k - 0.5) / n; a missing key never passes.
    /// </summary>
    public static IDataView Range(
        IHostEnvironment env, IDataView source, string columnName, double min, double max, bool includeMax = false, bool complement = false)
    {
        var column = source.Schema.GetColumnOrNull(columnName) ?? throw env.ExceptUserArg("Column", $"Source column '{columnName}' not found");
        var key = column.Type as KeyDataViewType;
        if (key == null && column.Type != NumberDataViewType.Single && column.Type != NumberDataViewType.Double)
            throw env.ExceptUserArg("Column", $"Column '{columnName}' does not have compatible type");
        env.CheckUserArg(min <= max, "Min", "min must be less than or equal to max");
        includeMax |= key != null && max >= 1;
        return new FilterView(env, "RangeFilter", source, [column.Index], row =>
        {
            var read = Numbers.Reader(row, column);
            return () =>
            {
                double value = read();
                if (key != null)
                {
                    if (value == 0 || value > key.Count)
                        return false;
                    value = (value - 0.5) / key.Count;
                }

                bool above = complement ? min > value : min <= value;
                bool below = includeMax ? (complement ? value > max : value <= max) : (complement ? value >= max : value < max);
                return complement ? above || below : above && below;
            };
        });
    }

    /// <summary>Rows without a missing value in any of the columns: NaN, or key 0.</summary>
    public static IDataView WithoutMissing(IHostEnvironment env, IDataView source, string[] columnNames)
    {
        var columns = new List<DataViewSchema.Column>();
        foreach (string name in columnNames)
        {
            var column = source.Schema.GetColumnOrNull(name) ?? throw env.ExceptUserArg("Columns", $"Source column '{name}' not found");
            if (columns.Any(known => known.Index == column.Index))
                throw env.ExceptUserArg("Columns", $"Source column '{name}' specified multiple times");
            var itemType = column.Type.GetItemType();
            if (itemType != NumberDataViewType.Single && itemType != NumberDataViewType.Double && itemType is not KeyDataViewType)
            {
                throw env.ExceptUserArg("Columns", $"Column '{name}' has type {column.Type} which does not support missing values, " +
                    "so we cannot filter on them");
            }

            columns.Add(column);
        }

        return new FilterView(env, "MissingValueFilter", source, columns.Select(column => column.Index), row =>
        {
            var tests = columns.Select(column => RowUtils.Generic<Func<bool>>(
                column.Type is VectorDataViewType ? NoneMissing<int> : NotMissing<int>, column.Type.GetItemType().RawType, row, column)).ToArray();
            return () => tests.All(test => test());
        });
    }

    private static Func<bool> NotMissing<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<T>(column);
        var isMissing = Missing<T>(column.Type);
        T value = default;
        return () =>
        {
            getter(ref value);
            return !isMissing(value);
        };
    }

    private static Func<bool> NoneMissing<T>(DataViewRow row, DataViewSchema.Column column)
    {
        var getter = row.GetGetter<VBuffer<T>>(column);
        var isMissing = Missing<T>(column.Type.GetItemType());
        VBuffer<T> value = default;
        return () =>
        {
            getter(ref value);
            return !value.Items(all: true).Any(item => isMissing(item.Value));
        };
    }

    private static Func<T, bool> Missing<T>(DataViewType itemType)
        => itemType is KeyDataViewType ? value => EqualityComparer<T>.Default.Equals(value, default) : value => value is float.NaN or double.NaN;
}
