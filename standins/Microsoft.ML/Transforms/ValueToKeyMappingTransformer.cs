using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass("Converts input values (words, numbers, etc.) to index in a dictionary.", typeof(ValueToKeyMappingTransformer), null,
    typeof(SignatureLoadModel), "Term Transform", ValueToKeyMappingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TermTransform";
    private const string VocabularyDirectory = "Vocabulary";

    private readonly KeyVocabulary[] _vocabularies;
    private readonly bool[] _asText;

    internal ValueToKeyMappingTransformer(
        IHostEnvironment env, (string OutputColumnName, string InputColumnName)[] columns, KeyVocabulary[] vocabularies, bool asText)
        : base(env.Register("Term"), columns)
    {
        _vocabularies = vocabularies;
        _asText = columns.Select(_ => asText).ToArray();
    }

    private ValueToKeyMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        _asText = ColumnPairs.Select(_ => ctx.Reader.ReadBoolean()).ToArray();
        KeyVocabulary[] vocabularies = null;
        bool found = ctx.TryProcessSubModel(VocabularyDirectory, inner =>
        {
            inner.CheckAtModel(VocabularyVersion);
            int count = inner.Reader.ReadInt32();
            host.CheckDecode(count == ColumnPairs.Length, $"Corrupt model file: {count} vocabularies for {ColumnPairs.Length} columns");
            vocabularies = ColumnPairs.Select(_ => KeyVocabulary.Load(inner)).ToArray();
        });
        host.CheckDecode(found, $"Missing {VocabularyDirectory} model");
        _vocabularies = vocabularies;
    }

    private static VersionInfo Version => new(
        modelSignature: "TERMTRNF",
        verWrittenCur: 0x00010003,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010003,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: LoaderSignature);

    private static VersionInfo VocabularyVersion => new(
        modelSignature: "TERM MAN",
        verWrittenCur: 0x00010002,
        verReadableCur: 0x00010002,
        verWeCanReadBack: 0x00010002,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: "TermManager");

    /// <summary>The input column, if its type can have keys.</summary>
    internal static DataViewSchema.Column FindInput(IExceptionContext ectx, DataViewSchema schema, string name)
    {
        var column = schema.GetColumnOrNull(name) ?? throw ectx.ExceptSchemaMismatch("inputSchema", "input", name);
        if (column.Type.GetItemType() is not PrimitiveDataViewType)
            throw ectx.ExceptSchemaMismatch("inputSchema", "input", name, "standard type or a vector of standard type", column.Type.ToString());
        return column;
    }

    private static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new(env.Register("Term"), ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
        foreach (bool asText in _asText)
            ctx.Writer.Write(asText);
        ctx.SaveSubModel(VocabularyDirectory, inner =>
        {
            inner.SetVersionInfo(VocabularyVersion);
            inner.Writer.Write(_vocabularies.Length);
            foreach (var vocabulary in _vocabularies)
                vocabulary.Save(inner);
        });
    }

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        var column = FindInput(Host, inputSchema, inputSchema[srcCol].Name);
        if (!column.Type.GetItemType().Equals(_vocabularies[col].ItemType))
        {
            throw Host.Except($"Could not apply a map over type '{_vocabularies[col].ItemType}' to column '{ColumnPairs[col].outputColumnName}' " +
                $"since it has type '{column.Type.GetItemType()}'");
        }
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper(ValueToKeyMappingTransformer parent, DataViewSchema inputSchema) : OneToOneMapperBase(parent.Host, parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => InputColumns.Select((input, i) =>
        {
            var key = parent._vocabularies[i].KeyType;
            var annotations = new DataViewSchema.Annotations.Builder();
            parent._vocabularies[i].AddKeyValues(annotations, input, parent._asText[i]);
            annotations.Add(input.Annotations, name => name == AnnotationUtils.Kinds.SlotNames);
            DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(key, vector.Dimensions) : key;
            return new DataViewSchema.DetachedColumn(parent.ColumnPairs[i].outputColumnName, type, annotations.ToAnnotations());
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            return parent._vocabularies[iinfo].MakeGetter(input, InputColumns[iinfo]);
        }
    }
}
