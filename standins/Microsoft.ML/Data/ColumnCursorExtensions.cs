using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A column as a sequence.</summary>
public static class ColumnCursorExtensions
{
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName) => GetColumn<T>(data, data.Schema[columnName]);

    /// <summary>
    /// The column's values row by row: of its raw type, as strings for text, or as arrays for vectors. Values of a raw type with a buffer
    /// share the buffer.
    /// </summary>
    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckNonEmpty(column.Name, nameof(column));
        var found = data.Schema[column.Index];
        if (found.Name != column.Name || found.Type != column.Type)
        {
            throw Contracts.ExceptParam(nameof(column),
                $"column with name {column.Name}, type {column.Type}, and index {column.Index} cannot be found in {nameof(data)}");
        }

        if (column.Type.RawType == typeof(T))
            return Values<T, T>(data, column, value => value);
        if (typeof(T) == typeof(string) && column.Type is TextDataViewType)
            return (IEnumerable<T>)Values<ReadOnlyMemory<char>, string>(data, column, text => text.ToString());
        if (typeof(T).IsArray && column.Type is VectorDataViewType vector)
        {
            var element = typeof(T).GetElementType();
            if (element == vector.ItemType.RawType)
                return RowUtils.Generic<IEnumerable<T>>(Arrays<int>, element, data, column);
            if (element == typeof(string) && vector.ItemType is TextDataViewType)
            {
                return (IEnumerable<T>)Values<VBuffer<ReadOnlyMemory<char>>, string[]>(
                    data, column, texts => texts.DenseValues().Select(text => text.ToString()).ToArray());
            }
        }

        throw Contracts.ExceptParam(nameof(column), $"Cannot map column (name: {column.Name}, type: {column.Type}) in {nameof(data)} " +
            $"to the user-defined type, {typeof(T)}.");
    }

    private static IEnumerable<T[]> Arrays<T>(IDataView data, DataViewSchema.Column column)
        => Values<VBuffer<T>, T[]>(data, column, value =>
        {
            var array = new T[value.Length];
            value.CopyTo(array);
            return array;
        });

    private static IEnumerable<TResult> Values<TSource, TResult>(IDataView data, DataViewSchema.Column column, Func<TSource, TResult> convert)
    {
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<TSource>(column);
        TSource value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            yield return convert(value);
        }
    }
}
