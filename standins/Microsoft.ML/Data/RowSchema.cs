using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The columns of a row class: each member with its column.</summary>
internal sealed class RowSchema
{
    private RowSchema(IReadOnlyList<RowMember> members, IReadOnlyList<DataViewSchema.DetachedColumn> columns)
    {
        Members = members;
        Columns = columns;
    }

    public IReadOnlyList<RowMember> Members { get; }

    public IReadOnlyList<DataViewSchema.DetachedColumn> Columns { get; }

    public static RowSchema Create(Type rowType, SchemaDefinition definition, SchemaDefinition.Direction direction)
    {
        definition ??= SchemaDefinition.Create(rowType, direction);
        var members = new List<RowMember>();
        var columns = new List<DataViewSchema.DetachedColumn>();
        foreach (var column in definition)
        {
            var member = RowMember.Find(rowType, column.MemberName);
            string name = string.IsNullOrEmpty(column.ColumnName) ? column.MemberName : column.ColumnName;
            var type = column.ColumnType ?? member.DefaultColumnType();
            Check(name, type, member);
            members.Add(member);
            columns.Add(new(name, type, column.Annotations));
        }

        return new(members, columns);
    }

    /// <summary>The class's own definition with the types and annotations of <paramref name="schema"/>.</summary>
    public static SchemaDefinition Define(IExceptionContext ectx, Type rowType, DataViewSchema schema)
    {
        var definition = SchemaDefinition.Create(rowType, SchemaDefinition.Direction.Read);
        foreach (var column in schema)
        {
            var defined = definition[column.Name] ?? throw ectx.Except($"Type should contain a member named {column.Name}");
            defined.ColumnType = column.Type;
            defined.AddAnnotations(column.Annotations);
        }

        return definition;
    }

    private static void Check(string name, DataViewType type, RowMember member)
    {
        bool isVector = type is VectorDataViewType;
        if (isVector != member.IsVector)
        {
            throw Contracts.ExceptParam("userSchemaDefinition", $"Column '{name}' is supposed to be {Kind(isVector)}, " +
                $"but type of associated field '{member.Name}' is {Kind(member.IsVector)}");
        }

        if (type.GetItemType().RawType != member.RawItemType)
        {
            throw Contracts.ExceptParam("userSchemaDefinition", $"Column '{name}' is supposed to have item type " +
                $"{type.GetItemType().RawType}, but associated field has type {member.RawItemType}");
        }
    }

    private static string Kind(bool isVector) => isVector ? "vector" : "scalar";
}
