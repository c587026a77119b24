using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using VectorKind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Transforms;

/// <summary>Learns the range of each slot and scales by it.</summary>
public sealed class NormalizingEstimator : IEstimator<NormalizingTransformer>
{
    private readonly IHost _host;
    private readonly (string OutputColumnName, string InputColumnName)[] _columns;
    private readonly long _maximumExampleCount;
    private readonly bool _fixZero;

    internal NormalizingEstimator(
        IHostEnvironment env, (string OutputColumnName, string InputColumnName)[] columns, long maximumExampleCount, bool fixZero)
    {
        _host = env.Register(nameof(NormalizingEstimator));
        _host.CheckParam(maximumExampleCount > 1, nameof(maximumExampleCount), "Must be greater than 1");
        _columns = _host.CheckNonEmpty(columns, nameof(columns));
        _maximumExampleCount = maximumExampleCount;
        _fixZero = fixZero;
    }

    public NormalizingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        var inputs = _columns.Select(pair => NormalizingTransformer.FindInput(_host, input.Schema, pair.InputColumnName)).ToArray();
        using var cursor = input.GetRowCursor(inputs);
        var ranges = inputs.Select(column => new SlotRanges(cursor, column)).ToArray();
        for (long rows = 0; rows < _maximumExampleCount && cursor.MoveNext(); rows++)
        {
            _host.CheckAlive();
            foreach (var range in ranges)
                range.Add();
        }

        return new(_host, _columns, ranges.Select(range => range.Scales(_fixZero)).ToArray());
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(_host, _columns, (name, column) =>
        {
            if (column.Kind == VectorKind.VariableVector)
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name, "known-size vector or scalar", column.GetTypeString());
            if (column.ItemType != NumberDataViewType.Single && column.ItemType != NumberDataViewType.Double)
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name, "vector or scalar of Single or Double", column.GetTypeString());
            var annotations = new List<SchemaShape.Column> { new(AnnotationUtils.Kinds.IsNormalized, VectorKind.Scalar, BooleanDataViewType.Instance, false) };
            if (column.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out var slotNames))
                annotations.Add(slotNames);
            return new(name, column.Kind, column.ItemType, column.IsKey, new SchemaShape(annotations));
        });
    }
}
