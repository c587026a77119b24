using Microsoft.ML;
using Microsoft.ML.Data;
using Kind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace RobustAttribution.MLNet.Interop;

/// <summary>The columns an estimator expects and promises before it is fitted.</summary>
internal static class ShapeColumns
{
    /// <summary>A promised column with one value in each row.</summary>
    public static SchemaShape.Column Scalar(string name, DataViewType type, bool isKey = false, params SchemaShape.Column[] annotations)
        => new(name, Kind.Scalar, type, isKey, new SchemaShape(annotations));

    /// <summary>A promised column with a vector of known size in each row.</summary>
    public static SchemaShape.Column Vector(string name, DataViewType itemType, params SchemaShape.Column[] annotations)
        => new(name, Kind.Vector, itemType, false, new SchemaShape(annotations));

    /// <summary>A promised column with a vector of any size in each row.</summary>
    public static SchemaShape.Column VariableVector(string name, DataViewType itemType)
        => new(name, Kind.VariableVector, itemType, false, new SchemaShape([]));

    /// <summary>The column of that name, null where the shape has none.</summary>
    public static SchemaShape.Column? Find(this SchemaShape shape, string name)
    {
        foreach (SchemaShape.Column column in shape)
        {
            if (column.Name == name)
            {
                return column;
            }
        }

        return null;
    }

    /// <summary>The input's columns with <paramref name="outputs"/> in place of, or after, those of the same names.</summary>
    public static SchemaShape With(this SchemaShape input, params IEnumerable<SchemaShape.Column> outputs)
    {
        Dictionary<string, SchemaShape.Column> columns = input.ToDictionary(column => column.Name);
        foreach (SchemaShape.Column output in outputs)
        {
            columns[output.Name] = output;
        }

        return new SchemaShape(columns.Values);
    }

    /// <summary>The column's type for an error message, e.g. "a vector of Single".</summary>
    public static string Describe(this SchemaShape.Column column)
    {
        string item = column.IsKey ? $"key ({column.ItemType})" : column.ItemType.ToString()!;
        return column.Kind switch
        {
            Kind.Vector => $"a vector of {item}",
            Kind.VariableVector => $"a vector of {item} without fixed size",
            _ => item,
        };
    }
}
