using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using VectorKind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Transforms;

/// <summary>Converts columns to another scalar type, or to a key type of another width.</summary>
public sealed class TypeConvertingEstimator : TrivialEstimator<TypeConvertingTransformer>
{
    private readonly DataKind _kind;

    internal TypeConvertingEstimator(IHostEnvironment env, (string outputColumnName, string inputColumnName)[] columns, DataKind outputKind)
        : base(env.Register(nameof(TypeConvertingEstimator)), new TypeConvertingTransformer(env, columns, columns.Select(_ => outputKind).ToArray()))
        => _kind = outputKind;

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Host, Transformer.ColumnPairs, (name, column) =>
        {
            var itemType = ColumnTypeExtensions.PrimitiveTypeFromKind(_kind);
            bool toKey = column.IsKey && KeyDataViewType.IsValidDataType(itemType.RawType);
            bool possible = column.IsKey ? toKey
                : column.ItemType is PrimitiveDataViewType && ValueConversion.CreateOrNull(column.ItemType.RawType, itemType.RawType) != null;
            if (!possible)
                throw Host.ExceptParam(nameof(inputSchema), $"Source column '{column.Name}' with item type '{column.ItemType}' is not compatible with destination type '{itemType}'");
            var kept = column.Annotations.Where(annotation => TypeConvertingTransformer.Keeps(annotation.Name, column.IsKey, column.ItemType, itemType)
                && (annotation.Name != AnnotationUtils.Kinds.SlotNames || column.Kind == VectorKind.Vector)).ToList();
            if (column.ItemType is BooleanDataViewType && itemType is NumberDataViewType)
                kept.Add(new(AnnotationUtils.Kinds.IsNormalized, VectorKind.Scalar, BooleanDataViewType.Instance, false));
            return new(name, column.Kind, itemType, toKey, new SchemaShape(kept));
        });
    }
}
