using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Which column type carries a .NET type that the library does not know by itself.</summary>
public static class DataViewTypeManager
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(Type Type, DataViewTypeAttribute Attribute), DataViewType> TypeByRaw = [];
    private static readonly Dictionary<DataViewType, (Type Type, DataViewTypeAttribute Attribute)> RawByType = [];

    /// <summary>Ties a column type to a .NET type (and attribute), one to one; repeating a registration does nothing.</summary>
    public static void Register(DataViewType dataViewType, Type type, DataViewTypeAttribute typeAttribute = null)
    {
        bool builtIn = ColumnTypeExtensions.TryPrimitiveTypeFromType(type, out _) || type == typeof(VBuffer<>) || type == typeof(Nullable<>);
        if (builtIn)
        {
            throw Contracts.ExceptParam(nameof(type), $"Type {type} has been registered as ML.NET's default supported type, " +
                "so it can't not be registered again.");
        }

        lock (Gate)
        {
            var raw = (type, typeAttribute);
            if (TypeByRaw.TryGetValue(raw, out var present) && !present.Equals(dataViewType))
            {
                throw Contracts.ExceptParam(nameof(type), $"Repeated type register. The raw type {type} " +
                    $"has been associated with {present} so it cannot be associated with {dataViewType}.");
            }

            if (RawByType.TryGetValue(dataViewType, out var presentRaw) && !presentRaw.Equals(raw))
            {
                throw Contracts.ExceptParam(nameof(dataViewType), $"Repeated type register. The DataView type {dataViewType} " +
                    $"has been associated with {presentRaw.Type} so it cannot be associated with {type}.");
            }

            TypeByRaw[raw] = dataViewType;
            RawByType[dataViewType] = raw;
        }
    }

    internal static bool TryGetDataViewType(Type type, IEnumerable<Attribute> attributes, out DataViewType dataViewType)
    {
        lock (Gate)
            return TypeByRaw.TryGetValue((type, attributes.OfType<DataViewTypeAttribute>().FirstOrDefault()), out dataViewType);
    }

    internal static bool Knows(DataViewType dataViewType)
    {
        lock (Gate)
            return RawByType.ContainsKey(dataViewType);
    }
}
