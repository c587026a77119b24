using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet.Columns;

/// <summary>A key column, read as classes 0, 1, …; −1 where the key is missing.</summary>
internal sealed class KeyColumn
{
    private readonly KeyDataViewType type;

    private KeyColumn(string name, int index, KeyDataViewType type)
    {
        Name = name;
        Index = index;
        this.type = type;
    }

    public string Name { get; }

    public int Index { get; }

    /// <summary>K, the number of keys.</summary>
    public int Count => (int)type.Count;

    /// <exception cref="ArgumentOutOfRangeException">The column is missing or not a key.</exception>
    public static KeyColumn Bind(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = SchemaColumns.Require(schema, name, "a key column");
        if (column.Type is not KeyDataViewType key)
        {
            throw new ArgumentOutOfRangeException(nameof(schema), NotAKey(name, column.Type.ToString()!));
        }

        return key.Count <= int.MaxValue
            ? new KeyColumn(name, column.Index, key)
            : throw new ArgumentOutOfRangeException(
                nameof(schema), $"Label column '{name}' has {key.Count} classes; allowed are at most {int.MaxValue}.");
    }

    /// <summary>Throws unless a promised column is a key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or not a key.</exception>
    public static void CheckShape(SchemaShape shape, string name)
    {
        SchemaShape.Column column = SchemaColumns.Require(shape, name, "a key column");
        if (!column.IsKey || column.Kind != SchemaShape.Column.VectorKind.Scalar)
        {
            throw new ArgumentOutOfRangeException(nameof(shape), NotAKey(name, column.Describe()));
        }
    }

    /// <summary>What is wrong with a label column that is not a key.</summary>
    public static string NotAKey(string name, string found)
        => $"Label column '{name}' holds {found}; a key is needed."
            + $" Put mlContext.Transforms.Conversion.MapValueToKey(\"{name}\") before this estimator.";

    /// <summary>Reads the class of the source's current row.</summary>
    public Func<long> Open(DataViewRow source)
    {
        DataViewSchema.Column column = source.Schema[Index];
        return type.RawType switch
        {
            Type raw when raw == typeof(byte) => Read(source.GetGetter<byte>(column), value => value),
            Type raw when raw == typeof(ushort) => Read(source.GetGetter<ushort>(column), value => value),
            Type raw when raw == typeof(uint) => Read(source.GetGetter<uint>(column), value => value),
            _ => Read(source.GetGetter<ulong>(column), value => (long)value),
        };
    }

    private static Func<long> Read<T>(ValueGetter<T> getter, Func<T, long> convert)
    {
        T value = default!;
        return () =>
        {
            getter(ref value);
            return convert(value) - 1; // key 0 means missing
        };
    }
}
