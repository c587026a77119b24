using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal static class SchemaShapeExtensions
{
    /// <summary>The shape with one more column per pair, made from the input column; a column of the same name is replaced.</summary>
    public static SchemaShape With(
        this SchemaShape shape,
        IExceptionContext ectx,
        IEnumerable<(string OutputColumnName, string InputColumnName)> pairs,
        Func<string, SchemaShape.Column, SchemaShape.Column> make)
    {
        var result = shape.ToDictionary(column => column.Name);
        foreach (var (output, input) in pairs)
        {
            if (!shape.TryFindColumn(input, out var column))
                throw ectx.ExceptSchemaMismatch("inputSchema", "input", input);
            result[output] = make(output, column);
        }

        return new(result.Values);
    }
}
