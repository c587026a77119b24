using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using VectorKind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Transforms;

/// <summary>Adds columns by the user's own function.</summary>
public sealed class CustomMappingEstimator<TSrc, TDst> : TrivialEstimator<CustomMappingTransformer<TSrc, TDst>>
    where TSrc : class, new()
    where TDst : class, new()
{
    internal CustomMappingEstimator(IHostEnvironment env, Action<TSrc, TDst> mapAction, string contractName,
        SchemaDefinition inputSchemaDefinition, SchemaDefinition outputSchemaDefinition)
        : base(env.Register("CustomMappingEstimator"), new(env, mapAction, contractName, inputSchemaDefinition, outputSchemaDefinition))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        var result = inputSchema.ToDictionary(column => column.Name);
        foreach (var needed in RowSchema.Create(typeof(TSrc), Transformer.InputDefinition, SchemaDefinition.Direction.Both).Columns)
        {
            if (!result.TryGetValue(needed.Name, out var column))
                throw Contracts.ExceptSchemaMismatch(nameof(inputSchema), "input", needed.Name);
            SchemaShape.GetColumnTypeShape(needed.Type, out var kind, out var itemType, out bool isKey);
            bool kindsSuit = kind == VectorKind.VariableVector ? column.Kind != VectorKind.Scalar : column.Kind == kind;
            if (!itemType.Equals(column.ItemType) || isKey != column.IsKey || !kindsSuit)
                throw Contracts.ExceptSchemaMismatch(nameof(inputSchema), "input", needed.Name, needed.Type.ToString(), column.GetTypeString());
        }

        foreach (var added in SchemaShape.Create(SchemaExtensions.MakeSchema(Transformer.AddedSchema.Columns)))
            result[added.Name] = added;
        return new(result.Values);
    }
}
