using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Questions that the library often asks of a column type.</summary>
internal static class ColumnTypeExtensions
{
    private static readonly Dictionary<Type, PrimitiveDataViewType> ByRawType = new PrimitiveDataViewType[]
    {
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16,
        NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double, TextDataViewType.Instance, BooleanDataViewType.Instance,
        TimeSpanDataViewType.Instance, DateTimeDataViewType.Instance, DateTimeOffsetDataViewType.Instance, RowIdDataViewType.Instance,
    }.ToDictionary(type => type.RawType);

    private static readonly PrimitiveDataViewType[] ByKind =
    [
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16,
        NumberDataViewType.Int32, NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64,
        NumberDataViewType.Single, NumberDataViewType.Double, TextDataViewType.Instance, BooleanDataViewType.Instance,
        TimeSpanDataViewType.Instance, DateTimeDataViewType.Instance, DateTimeOffsetDataViewType.Instance,
    ];

    /// <summary>The item type of a vector, the type itself otherwise.</summary>
    public static DataViewType GetItemType(this DataViewType type) => (type as VectorDataViewType)?.ItemType ?? type;

    /// <summary>The number of keys of a key type, 0 for any other type.</summary>
    public static ulong GetKeyCount(this DataViewType type) => (type as KeyDataViewType)?.Count ?? 0;

    /// <summary>The size of a vector type, 1 for a scalar type.</summary>
    public static int GetValueCount(this DataViewType type) => (type as VectorDataViewType)?.Size ?? 1;

    public static PrimitiveDataViewType PrimitiveTypeFromType(Type type)
        => TryPrimitiveTypeFromType(type, out var result)
            ? result
            : throw Contracts.ExceptNotSupp($"Bad type in {nameof(ColumnTypeExtensions)}.{nameof(PrimitiveTypeFromType)}: {type}");

    public static bool TryPrimitiveTypeFromType(Type type, out PrimitiveDataViewType result)
        => ByRawType.TryGetValue(type == typeof(string) ? typeof(ReadOnlyMemory<char>) : type, out result);

    public static PrimitiveDataViewType PrimitiveTypeFromKind(DataKind kind)
    {
        Contracts.CheckParam(kind >= DataKind.SByte && kind <= DataKind.DateTimeOffset, nameof(kind), $"Unknown data kind {kind}.");
        return ByKind[(int)kind - 1];
    }
}
