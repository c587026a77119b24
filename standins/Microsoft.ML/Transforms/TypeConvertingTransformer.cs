using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass("Converts a column to a different type, using standard conversions.", typeof(TypeConvertingTransformer), null,
    typeof(SignatureLoadModel), "Convert Transform", TypeConvertingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class TypeConvertingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ConvertTransform";

    private readonly DataKind[] _kinds;

    internal TypeConvertingTransformer(IHostEnvironment env, (string outputColumnName, string inputColumnName)[] columns, DataKind[] kinds)
        : base(env.Register(nameof(TypeConvertingTransformer)), columns) => _kinds = kinds;

    private static VersionInfo Version => new(
        modelSignature: "CONVERTF",
        verWrittenCur: 0x00010004,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010004,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: LoaderSignature,
        loaderSignatureAlt: "ConvertFunction");

    /// <summary>Which annotations outlive a conversion; those of others do not.</summary>
    internal static bool Keeps(string annotation, bool isKey, DataViewType source, DataViewType target) => annotation switch
    {
        AnnotationUtils.Kinds.SlotNames => true,
        AnnotationUtils.Kinds.KeyValues => isKey,
        AnnotationUtils.Kinds.IsNormalized => source is NumberDataViewType && target is NumberDataViewType,
        _ => false,
    };

    private static TypeConvertingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        var columns = LoadColumns(ctx);
        var kinds = columns.Select(_ => (DataKind)ctx.Reader.ReadByte()).ToArray();
        Contracts.CheckDecode(kinds.All(Enum.IsDefined), "Corrupt model file: an unknown data kind");
        return new(env, columns, kinds);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
        foreach (var kind in _kinds)
            ctx.Writer.Write((byte)kind);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : OneToOneMapperBase
    {
        private readonly TypeConvertingTransformer _parent;
        private readonly PrimitiveDataViewType[] _itemTypes;
        private readonly Delegate[] _conversions;

        public Mapper(TypeConvertingTransformer parent, DataViewSchema inputSchema)
            : base(parent.Host, parent, inputSchema)
        {
            _parent = parent;
            _itemTypes = InputColumns.Select((input, i) => ItemType(input, ColumnTypeExtensions.PrimitiveTypeFromKind(parent._kinds[i]))).ToArray();
            _conversions = InputColumns.Select((input, i) => ValueConversion.CreateOrNull(input.Type.GetItemType().RawType, _itemTypes[i].RawType)
                ?? throw Incompatible(input, _itemTypes[i])).ToArray();
        }

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => InputColumns.Select((input, i) =>
        {
            var source = input.Type.GetItemType();
            bool sameKeys = source is KeyDataViewType key && _itemTypes[i] is KeyDataViewType target && key.Count == target.Count;
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.Add(input.Annotations, name => Keeps(name, sameKeys, source, _itemTypes[i])
                && (name != AnnotationUtils.Kinds.SlotNames || input.Type is VectorDataViewType { IsKnownSize: true }));
            if (input.Type is BooleanDataViewType && _itemTypes[i] is NumberDataViewType)
                annotations.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
            DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(_itemTypes[i], vector.Dimensions) : _itemTypes[i];
            return new DataViewSchema.DetachedColumn(_parent.ColumnPairs[i].outputColumnName, type, annotations.ToAnnotations());
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            var column = InputColumns[iinfo];
            return RowUtils.Generic<Delegate>(
                column.Type is VectorDataViewType ? Vector<int, int> : Scalar<int, int>,
                [column.Type.GetItemType().RawType, _itemTypes[iinfo].RawType],
                [input, column, _conversions[iinfo]]);
        }

        private static Delegate Scalar<TSource, TTarget>(DataViewRow row, DataViewSchema.Column column, Func<TSource, TTarget> convert)
        {
            var getter = row.GetGetter<TSource>(column);
            TSource source = default;
            return (ValueGetter<TTarget>)((ref TTarget value) =>
            {
                getter(ref source);
                value = convert(source);
            });
        }

        private static Delegate Vector<TSource, TTarget>(DataViewRow row, DataViewSchema.Column column, Func<TSource, TTarget> convert)
        {
            var getter = row.GetGetter<VBuffer<TSource>>(column);
            VBuffer<TSource> source = default;
            return (ValueGetter<VBuffer<TTarget>>)((ref VBuffer<TTarget> value) =>
            {
                getter(ref source);
                var editor = VBufferEditor.Create(ref value, source.Length);
                foreach (var (slot, item) in source.Items(all: true))
                    editor.Values[slot] = convert(item);
                value = editor.Commit();
            });
        }

        private PrimitiveDataViewType ItemType(DataViewSchema.Column input, PrimitiveDataViewType target)
        {
            if (input.Type.GetItemType() is not KeyDataViewType key)
                return target;
            if (!KeyDataViewType.IsValidDataType(target.RawType))
                throw Incompatible(input, target);
            ulong most = Type.GetTypeCode(target.RawType) switch
            {
                TypeCode.Byte => byte.MaxValue,
                TypeCode.UInt16 => ushort.MaxValue,
                TypeCode.UInt32 => uint.MaxValue,
                _ => ulong.MaxValue,
            };
            return new KeyDataViewType(target.RawType, Math.Min(key.Count, most));
        }

        private Exception Incompatible(DataViewSchema.Column input, DataViewType target) => Host.ExceptParam("inputSchema",
            $"source column '{input.Name}' with item type '{input.Type}' is not compatible with destination type '{target}'");
    }
}
