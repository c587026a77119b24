using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

/// <summary>A schema shape in the making: input columns are looked up in the given one, output columns are added or replaced.</summary>
internal sealed class ShapeEdit
{
    private readonly IHost _host;
    private readonly SchemaShape _input;
    private readonly Dictionary<string, SchemaShape.Column> _columns;

    internal ShapeEdit(IHost host, SchemaShape inputSchema)
    {
        host.CheckValue(inputSchema, nameof(inputSchema));
        _host = host;
        _input = inputSchema;
        _columns = inputSchema.ToDictionary(column => column.Name);
    }

    internal SchemaShape Shape => new(_columns.Values);

    /// <summary>An input column; throws where there is none of that name.</summary>
    internal SchemaShape.Column Find(string name) =>
        _input.TryFindColumn(name, out var column) ? column : throw _host.ExceptSchemaMismatch("inputSchema", "input", name);

    /// <summary>A scalar input column of type <typeparamref name="TType"/>, which messages call <paramref name="expected"/>.</summary>
    internal SchemaShape.Column Scalar<TType>(string name, string expected)
        where TType : DataViewType
    {
        var column = Find(name);
        return column.ItemType is TType && column.Kind == SchemaShape.Column.VectorKind.Scalar ? column : throw Mismatch(column, expected);
    }

    /// <summary>The complaint about a column of the wrong type.</summary>
    internal Exception Mismatch(SchemaShape.Column column, string expected) =>
        _host.ExceptSchemaMismatch("inputSchema", "input", column.Name, expected, column.GetTypeString());

    internal void Set(string name, SchemaShape.Column.VectorKind kind, DataViewType itemType, SchemaShape annotations = null) =>
        _columns[name] = new SchemaShape.Column(name, kind, itemType, false, annotations);
}
