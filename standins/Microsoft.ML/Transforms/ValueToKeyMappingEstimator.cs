using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using VectorKind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Transforms;

/// <summary>Learns which values there are and replaces each by its key.</summary>
public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    internal const int DefaultMaximumNumberOfKeys = 1000000;

    private readonly IHost _host;
    private readonly (string OutputColumnName, string InputColumnName)[] _columns;
    private readonly int _maximumNumberOfKeys;
    private readonly KeyOrdinality _ordinality;
    private readonly bool _asText;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator(
        IHostEnvironment env,
        (string OutputColumnName, string InputColumnName)[] columns,
        int maximumNumberOfKeys,
        KeyOrdinality ordinality,
        bool addKeyValueAnnotationsAsText,
        IDataView keyData)
    {
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        _columns = _host.CheckNonEmpty(columns, nameof(columns));
        foreach (var (output, _) in columns)
            _host.CheckNonWhiteSpace(output, "outputColumnName");
        if (keyData != null && keyData.Schema.Count != 1)
        {
            throw _host.ExceptParam(nameof(keyData), "If specified, this data view should contain only a single column " +
                $"containing the terms to map, but this had {keyData.Schema.Count} columns.");
        }

        _maximumNumberOfKeys = maximumNumberOfKeys;
        _ordinality = ordinality;
        _asText = addKeyValueAnnotationsAsText;
        _keyData = keyData;
    }

    /// <summary>In which order keys are given.</summary>
    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        var inputs = _columns.Select(pair => ValueToKeyMappingTransformer.FindInput(_host, input.Schema, pair.InputColumnName)).ToArray();
        var vocabularies = _keyData != null ? FromKeyData(inputs) : FromRows(input, inputs);
        return new(_host, _columns, vocabularies, _asText);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(_host, _columns, (name, column) =>
        {
            if (!ColumnTypeExtensions.TryPrimitiveTypeFromType(column.ItemType.RawType, out _))
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name);
            bool handsValuesOn = column.IsKey && column.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out var known)
                && known.Kind == VectorKind.Vector;
            SchemaShape.Column keyValues = default;
            if (!handsValuesOn || !column.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out keyValues))
                keyValues = new(AnnotationUtils.Kinds.KeyValues, VectorKind.Vector, _asText ? TextDataViewType.Instance : column.ItemType, column.IsKey);
            var annotations = new List<SchemaShape.Column> { keyValues };
            if (column.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out var slotNames))
                annotations.Insert(0, slotNames);
            return new(name, column.Kind, NumberDataViewType.UInt32, true, new SchemaShape(annotations));
        });
    }

    private KeyVocabulary[] FromKeyData(DataViewSchema.Column[] inputs)
    {
        var type = _keyData.Schema[0].Type;
        foreach (var input in inputs)
        {
            if (!type.Equals(input.Type.GetItemType()))
                throw _host.ExceptUserArg("keyData", $"Input data's column must be of type '{input.Type.GetItemType()}' but was '{type}'");
        }

        var vocabulary = KeyVocabulary.Create((PrimitiveDataViewType)type);
        using (var cursor = _keyData.GetRowCursor(_keyData.Schema))
        {
            var add = vocabulary.Collector(cursor, _keyData.Schema[0], int.MaxValue);
            while (cursor.MoveNext() && add())
                _host.CheckAlive();
        }

        vocabulary.Complete(_ordinality);
        return inputs.Select(_ => vocabulary).ToArray();
    }

    /// <summary>One pass over the data for all columns.</summary>
    private KeyVocabulary[] FromRows(IDataView data, DataViewSchema.Column[] inputs)
    {
        _host.CheckUserArg(_maximumNumberOfKeys > 0, "MaxNumTerms", "Must be positive");
        var vocabularies = inputs.Select(input => KeyVocabulary.Create((PrimitiveDataViewType)input.Type.GetItemType())).ToArray();
        using (var ch = _host.Start("Training"))
        using (var cursor = data.GetRowCursor(inputs))
        {
            var open = vocabularies.Zip(inputs, (vocabulary, input) => vocabulary.Collector(cursor, input, _maximumNumberOfKeys)).ToList();
            while (open.Count > 0 && cursor.MoveNext())
            {
                _host.CheckAlive();
                open.RemoveAll(add => !add());
            }

            for (int i = 0; i < vocabularies.Length; i++)
            {
                if (vocabularies[i].Count == 0)
                    ch.Warning("Term map for output column '{0}' contains no entries.", _columns[i].OutputColumnName);
                vocabularies[i].Complete(_ordinality);
            }
        }

        return vocabularies;
    }
}
