using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>All values of a view, read through its cursors.</summary>
internal static class Rows
{
    /// <summary>One row: its id and the values of its columns by name.</summary>
    public sealed record Row(DataViewRowId Id, IReadOnlyDictionary<string, object> Values);

    public static List<Row> Read(IDataView view, IEnumerable<string>? columns = null, Random? random = null)
    {
        DataViewSchema.Column[] wanted = Wanted(view.Schema, columns);
        using DataViewRowCursor cursor = view.GetRowCursor(wanted, random);
        return Read(cursor, wanted);
    }

    /// <summary>Reads every cursor of a set to its end, one after the other.</summary>
    public static List<Row> ReadParts(IDataView view, int parts)
    {
        DataViewSchema.Column[] wanted = Wanted(view.Schema, null);
        List<Row> rows = [];
        DataViewRowCursor[] cursors = view.GetRowCursorSet(wanted, parts);
        Parallel.ForEach(cursors, cursor =>
        {
            using (cursor)
            {
                List<Row> part = Read(cursor, wanted);
                lock (rows)
                {
                    rows.AddRange(part);
                }
            }
        });
        return rows;
    }

    public static Func<object> Getter(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType { ItemType: var item } when item == NumberDataViewType.Single => Vector<float>(row, column),
        VectorDataViewType { ItemType: var item } when item == NumberDataViewType.Byte => Vector<byte>(row, column),
        VectorDataViewType { ItemType: TextDataViewType } => Vector<ReadOnlyMemory<char>>(row, column),
        ImageDataViewType => Image(row, column),
        TextDataViewType => Scalar<ReadOnlyMemory<char>>(row, column),
        KeyDataViewType => Scalar<uint>(row, column),
        _ when column.Type == NumberDataViewType.Single => Scalar<float>(row, column),
        _ when column.Type == NumberDataViewType.Int32 => Scalar<int>(row, column),
        _ when column.Type == NumberDataViewType.Int64 => Scalar<long>(row, column),
        _ when column.Type == BooleanDataViewType.Instance => Scalar<bool>(row, column),
        _ => throw new NotSupportedException($"Column {column.Name} of type {column.Type}"),
    };

    /// <summary>Fails unless two rows hold the same; floats may differ by <paramref name="tolerance"/> of their size.</summary>
    public static void AreEqual(IReadOnlyDictionary<string, object> expected, IReadOnlyDictionary<string, object> actual, double tolerance, string what)
    {
        CollectionAssert.AreEquivalent(expected.Keys.ToArray(), actual.Keys.ToArray(), what);
        foreach ((string name, object value) in expected)
        {
            string place = $"{what}, column {name}";
            switch (value, actual[name])
            {
                case (float[] a, float[] b):
                    Assert.HasCount(a.Length, b, place);
                    double size = a.Where(float.IsFinite).Select(MathF.Abs).DefaultIfEmpty(0).Max();
                    for (int i = 0; i < a.Length; i++)
                    {
                        Close(a[i], b[i], tolerance * Math.Max(size, 1e-6), $"{place}[{i}]");
                    }

                    break;
                case (float a, float b):
                    Close(a, b, tolerance, place);
                    break;
                case (System.Collections.ICollection a, System.Collections.ICollection b):
                    CollectionAssert.AreEqual(a, b, place);
                    break;
                default:
                    Assert.AreEqual(value, actual[name], place);
                    break;
            }
        }
    }

    private static void Close(float a, float b, double tolerance, string place)
    {
        if (float.IsNaN(a) != float.IsNaN(b) || Math.Abs(a - b) > tolerance)
        {
            Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{place}: expected {a}, found {b}"));
        }
    }

    private static DataViewSchema.Column[] Wanted(DataViewSchema schema, IEnumerable<string>? columns)
        => columns is null ? [.. schema.Where(column => !column.IsHidden)] : [.. columns.Select(name => schema[name])];

    private static List<Row> Read(DataViewRowCursor cursor, DataViewSchema.Column[] wanted)
    {
        ValueGetter<DataViewRowId> idGetter = cursor.GetIdGetter();
        Func<object>[] getters = Array.ConvertAll(wanted, column => Getter(cursor, column));
        List<Row> rows = [];
        while (cursor.MoveNext())
        {
            DataViewRowId id = default;
            idGetter(ref id);
            rows.Add(new Row(id, wanted.Select((column, i) => KeyValuePair.Create(column.Name, getters[i]())).ToDictionary()));
        }

        return rows;
    }

    private static Func<object> Scalar<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return value is ReadOnlyMemory<char> text ? text.ToString() : value!;
        };
    }

    private static Func<object> Vector<T>(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        VBuffer<T> value = default;
        return () =>
        {
            getter(ref value);
            return value.DenseValues().ToArray();
        };
    }

    private static Func<object> Image(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<MLImage> getter = row.GetGetter<MLImage>(column);
        MLImage value = null!;
        return () =>
        {
            getter(ref value);
            return value is null ? "missing" : value.Pixels.ToArray();
        };
    }
}
