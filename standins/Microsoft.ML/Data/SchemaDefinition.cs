using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How the members of a row class become columns; made from the class and then changed at will.</summary>
public sealed class SchemaDefinition : List<SchemaDefinition.Column>
{
    private SchemaDefinition()
    {
    }

    /// <summary>What the row class must offer: members to read, members to write, or both.</summary>
    [Flags]
    public enum Direction
    {
        Read = 1,
        Write = 2,
        Both = Read | Write,
    }

    public Column this[string columnName]
    {
        get => Find(column => column.ColumnName == columnName);
        set
        {
            Contracts.CheckValue(value, nameof(value));
            if (value.ColumnName != columnName)
            {
                throw Contracts.ExceptParam(nameof(columnName),
                    $"The column name is specified as '{value.ColumnName}' but must match the selector '{columnName}'.");
            }

            int index = FindIndex(column => column.ColumnName == columnName);
            if (index >= 0)
                this[index] = value;
            else
                Add(value);
        }
    }

    public static SchemaDefinition Create(Type userType, Direction direction = Direction.Both)
    {
        Contracts.CheckValue(userType, nameof(userType));
        var definition = new SchemaDefinition();
        foreach (var member in RowMember.FindAll(userType, direction))
        {
            if (definition[member.ColumnName] != null)
                throw Contracts.ExceptParam(nameof(userType), $"Duplicate column name '{member.ColumnName}' detected, this is disallowed");
            definition.Add(new(member.Name, member.DefaultColumnType(), member.ColumnName));
        }

        return definition;
    }

    /// <summary>One column: the member that it reads or writes, its name, type and annotations.</summary>
    public sealed class Column
    {
        private readonly DataViewSchema.Annotations.Builder _annotations = new();
        private readonly HashSet<string> _kinds = [];

        internal Column(string memberName, DataViewType columnType, string columnName)
        {
            MemberName = memberName;
            ColumnType = columnType;
            ColumnName = columnName;
        }

        public string MemberName { get; }

        public string ColumnName { get; set; }

        public DataViewType ColumnType { get; set; }

        public DataViewSchema.Annotations Annotations => _annotations.ToAnnotations();

        public void AddAnnotation<T>(string kind, T value, DataViewType annotationType)
        {
            Contracts.CheckValue(kind, nameof(kind));
            Contracts.CheckValue(annotationType, nameof(annotationType));
            Contracts.Check(_kinds.Add(kind), "Column already contains an annotation of this kind.");
            _annotations.Add(kind, annotationType, AnnotationValue.Getter(value, annotationType));
        }

        internal void AddAnnotations(DataViewSchema.Annotations annotations) => _annotations.Add(annotations, _kinds.Add);
    }
}
