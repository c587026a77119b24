using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(KeyToValueMappingTransformer), null, typeof(SignatureLoadModel),
    "Key To Value Transform", KeyToValueMappingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "KeyToValueTransform";

    internal KeyToValueMappingTransformer(IHostEnvironment env, params (string outputColumnName, string inputColumnName)[] columns)
        : base(env.Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    private static VersionInfo Version => new(
        modelSignature: "KEY2VALT",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: ModelFile.OwnAssembly,
        loaderSignature: LoaderSignature);

    private static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new(env, LoadColumns(ctx));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : OneToOneMapperBase
    {
        private readonly KeyToValueMappingTransformer _parent;
        private readonly PrimitiveDataViewType[] _valueTypes;

        public Mapper(KeyToValueMappingTransformer parent, DataViewSchema inputSchema)
            : base(parent.Host, parent, inputSchema)
        {
            _parent = parent;
            _valueTypes = InputColumns.Select(input =>
            {
                var values = input.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type as VectorDataViewType;
                Host.Check(values != null, "Metadata KeyValues does not exist");
                Host.Check((ulong)values.Size == input.Type.GetItemType().GetKeyCount(), "KeyValues metadata size does not match column type key count");
                return values.ItemType;
            }).ToArray();
        }

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => InputColumns.Select((input, i) =>
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.Add(input.Annotations, name => name == AnnotationUtils.Kinds.SlotNames);
            DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(_valueTypes[i], vector.Dimensions) : _valueTypes[i];
            return new DataViewSchema.DetachedColumn(_parent.ColumnPairs[i].outputColumnName, type, annotations.ToAnnotations());
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            return RowUtils.Generic<Delegate>(Getter<int>, _valueTypes[iinfo].RawType, input, InputColumns[iinfo]);
        }

        private static Delegate Getter<TValue>(DataViewRow row, DataViewSchema.Column column)
        {
            VBuffer<TValue> values = default;
            column.GetKeyValues(ref values);
            values.CopyToDense(ref values);
            bool isVector = column.Type is VectorDataViewType;
            return Type.GetTypeCode(column.Type.GetItemType().RawType) switch
            {
                TypeCode.Byte => isVector ? Vector<byte, TValue>(row, column, values) : Scalar<byte, TValue>(row, column, values),
                TypeCode.UInt16 => isVector ? Vector<ushort, TValue>(row, column, values) : Scalar<ushort, TValue>(row, column, values),
                TypeCode.UInt32 => isVector ? Vector<uint, TValue>(row, column, values) : Scalar<uint, TValue>(row, column, values),
                _ => isVector ? Vector<ulong, TValue>(row, column, values) : Scalar<ulong, TValue>(row, column, values),
            };
        }

        private static ValueGetter<TValue> Scalar<TKey, TValue>(DataViewRow row, DataViewSchema.Column column, VBuffer<TValue> values)
            where TKey : IBinaryInteger<TKey>
        {
            var getter = row.GetGetter<TKey>(column);
            TKey key = default;
            return (ref TValue value) =>
            {
                getter(ref key);
                value = Look(ulong.CreateChecked(key), values);
            };
        }

        private static ValueGetter<VBuffer<TValue>> Vector<TKey, TValue>(DataViewRow row, DataViewSchema.Column column, VBuffer<TValue> values)
            where TKey : IBinaryInteger<TKey>
        {
            var getter = row.GetGetter<VBuffer<TKey>>(column);
            VBuffer<TKey> keys = default;
            return (ref VBuffer<TValue> result) =>
            {
                getter(ref keys);
                var editor = VBufferEditor.Create(ref result, keys.Length);
                foreach (var (slot, key) in keys.Items(all: true))
                    editor.Values[slot] = Look(ulong.CreateChecked(key), values);
                result = editor.Commit();
            };
        }

        /// <summary>The missing key has the missing value: NaN for floating-point numbers, otherwise the default.</summary>
        private static TValue Look<TValue>(ulong key, VBuffer<TValue> values)
        {
            if (key > 0 && key <= (ulong)values.Length)
                return values.GetValues()[(int)key - 1];
            return typeof(TValue) == typeof(float) ? (TValue)(object)float.NaN
                : typeof(TValue) == typeof(double) ? (TValue)(object)double.NaN
                : default;
        }
    }
}
