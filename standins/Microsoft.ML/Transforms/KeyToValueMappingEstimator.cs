using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Replaces keys by the values that their column's annotations give.</summary>
public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(KeyToValueMappingEstimator)), new KeyToValueMappingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Host, Transformer.ColumnPairs, (name, column) =>
        {
            if (!column.IsKey)
                throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name, "KeyType", column.GetTypeString());
            if (!column.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out var values))
                throw Host.ExceptParam(nameof(inputSchema), $"Input column '{column.Name}' doesn't contain key values metadata");
            SchemaShape annotations = null;
            if (column.HasSlotNames() && column.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out var slotNames))
                annotations = new([slotNames]);
            return new(name, column.Kind, values.ItemType, values.IsKey, annotations);
        });
    }
}
