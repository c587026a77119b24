using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

[assembly: LoadableClass(typeof(ColumnConcatenatingTransformer), null, typeof(SignatureLoadModel),
    "Concat Transform", ColumnConcatenatingTransformer.LoaderSignature)]

namespace Microsoft.ML.Data;

public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
{
    internal const string LoaderSignature = "ConcatTransform";

    private readonly string _name;
    private readonly string[] _sources;

    internal ColumnConcatenatingTransformer(IHostEnvironment env, string outputColumnName, params string[] inputColumnNames)
        : base(env.Register(nameof(ColumnConcatenatingTransformer)))
    {
        _name = outputColumnName;
        _sources = inputColumnNames;
    }

    private static VersionInfo Version => new(
        modelSignature: "CONCAT F",
        verWrittenCur: 0x00010003,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010003,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: LoaderSignature,
        loaderSignatureAlt: "ConcatFunction");

    private static ColumnConcatenatingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        int columns = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(columns == 1, $"Corrupt model file: {columns} concatenated columns, expected 1");
        string name = ctx.LoadNonEmptyString();
        int count = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(count > 0, $"Corrupt model file: {count} columns to concatenate");
        var sources = new List<string>();
        for (int i = 0; i < count; i++)
        {
            sources.Add(ctx.LoadNonEmptyString());
            ctx.LoadStringOrNull(); // an alias, which the public API cannot set
        }

        return new(env, name, sources.ToArray());
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(Version);
        ctx.Writer.Write(1);
        ctx.SaveNonEmptyString(_name);
        ctx.Writer.Write(_sources.Length);
        foreach (string source in _sources)
        {
            ctx.SaveNonEmptyString(source);
            ctx.SaveStringOrNull(null);
        }
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : MapperBase
    {
        private readonly ColumnConcatenatingTransformer _parent;
        private readonly DataViewSchema.Column[] _inputs;
        private readonly VectorDataViewType _type;

        public Mapper(ColumnConcatenatingTransformer parent, DataViewSchema schema)
            : base(parent.Host, schema)
        {
            _parent = parent;
            _inputs = parent._sources.Select(name => schema.GetColumnOrNull(name)
                ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", name)).ToArray();
            var itemType = _inputs[0].Type.GetItemType();
            foreach (var input in _inputs)
            {
                if (!input.Type.GetItemType().Equals(itemType))
                    throw Host.ExceptSchemaMismatch("inputSchema", "input", input.Name, itemType.ToString(), input.Type.ToString());
            }

            bool known = _inputs.All(input => input.Type.GetValueCount() > 0);
            _type = new((PrimitiveDataViewType)itemType, known ? _inputs.Sum(input => input.Type.GetValueCount()) : 0);
        }

        /// <summary>A single vector is handed through with its dimensions and annotations.</summary>
        private bool IsIdentity => _inputs.Length == 1 && _inputs[0].Type is VectorDataViewType;

        public override Func<int, bool> GetDependencies(Func<int, bool> activeOutput)
            => activeOutput(0) ? index => _inputs.Any(input => input.Index == index) : _ => false;

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore()
        {
            if (IsIdentity)
                return [new(_parent._name, _inputs[0].Type, _inputs[0].Annotations)];
            var annotations = new DataViewSchema.Annotations.Builder();
            if (_type.ItemType is NumberDataViewType && _inputs.All(input => input.IsNormalized()))
                annotations.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
            if (_type.Size > 0 && _inputs.Any(input => input.Type is not VectorDataViewType || input.HasSlotNames()))
                annotations.Add<VBuffer<ReadOnlyMemory<char>>>(AnnotationUtils.Kinds.SlotNames, AnnotationUtils.GetNamesType(_type.Size), GetSlotNames);
            return [new(_parent._name, _type, annotations.ToAnnotations())];
        }

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            return IsIdentity ? input.GetGetter(_inputs[0]) : RowUtils.Generic<Delegate>(Getter<int>, _type.ItemType.RawType, input, _inputs);
        }

        private static Delegate Getter<T>(DataViewRow input, DataViewSchema.Column[] columns)
        {
            var parts = columns.Select(column => Part<T>(input, column)).ToArray();
            var buffers = new VBuffer<T>[parts.Length];
            return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
            {
                for (int i = 0; i < parts.Length; i++)
                    parts[i](ref buffers[i]);
                var editor = VBufferEditor.Create(ref value, buffers.Sum(buffer => buffer.Length));
                int start = 0;
                foreach (var buffer in buffers)
                {
                    buffer.CopyTo(editor.Values, start);
                    start += buffer.Length;
                }

                value = editor.Commit();
            });
        }

        private static ValueGetter<VBuffer<T>> Part<T>(DataViewRow input, DataViewSchema.Column column)
        {
            if (column.Type is VectorDataViewType)
                return input.GetGetter<VBuffer<T>>(column);
            var getter = input.GetGetter<T>(column);
            return (ref VBuffer<T> value) =>
            {
                var editor = VBufferEditor.Create(ref value, 1);
                getter(ref editor.Values[0]);
                value = editor.Commit();
            };
        }

        /// <summary>A scalar's slot has the column's name, a vector's slots "column.slot".</summary>
        private void GetSlotNames(ref VBuffer<ReadOnlyMemory<char>> value)
        {
            var editor = VBufferEditor.Create(ref value, _type.Size);
            editor.Values.Clear();
            int slot = 0;
            foreach (var input in _inputs)
            {
                if (input.Type is not VectorDataViewType vector)
                {
                    editor.Values[slot++] = input.Name.AsMemory();
                    continue;
                }

                if (input.HasSlotNames())
                {
                    VBuffer<ReadOnlyMemory<char>> names = default;
                    input.GetSlotNames(ref names);
                    foreach (var (index, name) in names.Items())
                        editor.Values[slot + index] = name.IsEmpty ? default : $"{input.Name}.{name}".AsMemory();
                }

                slot += vector.Size;
            }

            value = editor.Commit();
        }
    }
}
