using System.Linq.Expressions;
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A public field or property of a row class that is a column.</summary>
internal sealed class RowMember
{
    private readonly MemberInfo _member;

    private RowMember(MemberInfo member)
    {
        _member = member;
        MemberType = member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;
        IsVector = MemberType.IsArray || (MemberType.IsGenericType && MemberType.GetGenericTypeDefinition() == typeof(VBuffer<>));
        ElementType = MemberType.IsArray ? MemberType.GetElementType() : IsVector ? MemberType.GetGenericArguments()[0] : MemberType;
        RawItemType = ElementType == typeof(string) ? typeof(ReadOnlyMemory<char>) : ElementType;
        ColumnName = member.GetCustomAttribute<ColumnNameAttribute>()?.Name ?? member.Name;
    }

    public string Name => _member.Name;

    public string ColumnName { get; }

    public Type MemberType { get; }

    public bool IsVector { get; }

    /// <summary>The type of an item as the member declares it.</summary>
    public Type ElementType { get; }

    /// <summary>The type of an item as the column carries it.</summary>
    public Type RawItemType { get; }

    public static IEnumerable<RowMember> FindAll(Type rowType, SchemaDefinition.Direction direction)
    {
        const BindingFlags PublicInstance = BindingFlags.Public | BindingFlags.Instance;
        bool reads = direction.HasFlag(SchemaDefinition.Direction.Read);
        bool writes = direction.HasFlag(SchemaDefinition.Direction.Write);
        var properties = rowType.GetProperties(PublicInstance)
            .Where(property => property.GetIndexParameters().Length == 0)
            .Where(property => (reads && property.GetGetMethod() != null) || (writes && property.GetSetMethod() != null));
        return rowType.GetFields(PublicInstance).Concat<MemberInfo>(properties).Where(IsColumn).Select(Checked);
    }

    public static RowMember Find(Type rowType, string name)
    {
        var member = (MemberInfo)rowType.GetField(name) ?? rowType.GetProperty(name)
            ?? throw Contracts.ExceptParam("userSchemaDefinition", $"No field or property with name '{name}' found in type '{rowType.FullName}'");
        return Checked(member);
    }

    /// <summary>The column type that the member and its attributes say.</summary>
    public DataViewType DefaultColumnType()
    {
        if (DataViewTypeManager.TryGetDataViewType(RawItemType, _member.GetCustomAttributes(), out var registered))
            return registered;
        var itemType = ColumnTypeExtensions.PrimitiveTypeFromType(RawItemType);
        if (_member.GetCustomAttribute<KeyTypeAttribute>() is { } key)
        {
            if (!KeyDataViewType.IsValidDataType(RawItemType))
            {
                throw Contracts.ExceptParam("userType", $"Member {Name} marked with KeyType attribute, but does not appear to be a valid " +
                    "kind of data for a key type");
            }

            itemType = new KeyDataViewType(RawItemType, key.Count);
        }

        var dimensions = _member.GetCustomAttribute<VectorTypeAttribute>()?.Dims;
        if (dimensions != null && !IsVector)
            throw Contracts.ExceptParam("userType", $"Member {Name} marked with VectorTypeAttribute, but does not appear to be a vector type");
        return !IsVector ? itemType : dimensions is { Length: > 0 } ? new VectorDataViewType(itemType, dimensions) : new VectorDataViewType(itemType);
    }

    /// <summary>Reads the member.</summary>
    public Func<TRow, TMember> Reader<TRow, TMember>()
    {
        var row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda<Func<TRow, TMember>>(Expression.MakeMemberAccess(row, _member), row).Compile();
    }

    /// <summary>Writes the member.</summary>
    public Action<TRow, TMember> Writer<TRow, TMember>()
    {
        var row = Expression.Parameter(typeof(TRow));
        var value = Expression.Parameter(typeof(TMember));
        return Expression.Lambda<Action<TRow, TMember>>(Expression.Assign(Expression.MakeMemberAccess(row, _member), value), row, value).Compile();
    }

    private static bool IsColumn(MemberInfo member)
    {
        var type = member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;
        return type != typeof(IChannel) && member is not FieldInfo { IsLiteral: true } && member.GetCustomAttribute<NoColumnAttribute>() == null;
    }

    private static RowMember Checked(MemberInfo member)
    {
        var result = new RowMember(member);
        var attributes = member.GetCustomAttributes().ToArray();
        var typeAttributes = attributes.OfType<DataViewTypeAttribute>().ToArray();
        Contracts.CheckParam(typeAttributes.Length <= 1, "userType",
            $"Member {member.Name} cannot be marked with multiple attributes derived from {typeof(DataViewTypeAttribute)}.");
        if (typeAttributes.Length == 1)
            typeAttributes[0].Register();
        if (!ColumnTypeExtensions.TryPrimitiveTypeFromType(result.RawItemType, out _)
            && !DataViewTypeManager.TryGetDataViewType(result.RawItemType, attributes, out _))
        {
            throw Contracts.ExceptParam("rawType",
                $"Could not determine an IDataView type and registered custom types for member {member.Name}");
        }

        return result;
    }
}
