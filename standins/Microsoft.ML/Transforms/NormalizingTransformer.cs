using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(NormalizingTransformer), null, typeof(SignatureLoadModel), "", NormalizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

public sealed class NormalizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "MinMaxNormalizer";

    private readonly SlotScales[] _scales;

    internal NormalizingTransformer(IHostEnvironment env, (string OutputColumnName, string InputColumnName)[] columns, SlotScales[] scales)
        : base(env.Register(nameof(NormalizingTransformer)), columns) => _scales = scales;

    /// <summary>The originals' own layout covers many more kinds of normalisation, so this one has a name of its own.</summary>
    private static VersionInfo Version => new(
        modelSignature: "NORMMNMX",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderAssemblyName: typeof(NormalizingTransformer).Assembly.GetName().Name,
        loaderSignature: LoaderSignature);

    internal static DataViewSchema.Column FindInput(IExceptionContext ectx, DataViewSchema schema, string name)
    {
        var column = schema.GetColumnOrNull(name) ?? throw ectx.ExceptSchemaMismatch("inputSchema", "input", name);
        var itemType = column.Type.GetItemType();
        if (column.Type.GetValueCount() == 0 || (itemType != NumberDataViewType.Single && itemType != NumberDataViewType.Double))
            throw ectx.ExceptSchemaMismatch("inputSchema", "input", name, "known-size vector or scalar of Single or Double", column.Type.ToString());
        return column;
    }

    private static NormalizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        var columns = LoadColumns(ctx);
        return new(env, columns, columns.Select(_ => new SlotScales(ReadDoubles(ctx), ReadDoubles(ctx))).ToArray());
    }

    private static double[] ReadDoubles(ModelLoadContext ctx)
    {
        int count = ctx.Reader.ReadInt32();
        Contracts.CheckDecode(count > 0 && count <= ctx.Reader.BaseStream.Length / sizeof(double), $"Corrupt model file: {count} slots");
        return Enumerable.Range(0, count).Select(_ => ctx.Reader.ReadDouble()).ToArray();
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
        foreach (double[] values in _scales.SelectMany(scales => new[] { scales.Offsets, scales.Scales }))
        {
            ctx.Writer.Write(values.Length);
            foreach (double value in values)
                ctx.Writer.Write(value);
        }
    }

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        var column = FindInput(Host, inputSchema, inputSchema[srcCol].Name);
        int size = column.Type.GetValueCount();
        if (size != _scales[col].Scales.Length)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.Name, $"size {_scales[col].Scales.Length}", column.Type.ToString());
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper(NormalizingTransformer parent, DataViewSchema inputSchema) : OneToOneMapperBase(parent.Host, parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() => InputColumns.Select((input, i) =>
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.AddPrimitiveValue(AnnotationUtils.Kinds.IsNormalized, BooleanDataViewType.Instance, true);
            annotations.Add(input.Annotations, name => name == AnnotationUtils.Kinds.SlotNames);
            return new DataViewSchema.DetachedColumn(parent.ColumnPairs[i].outputColumnName, input.Type, annotations.ToAnnotations());
        }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            var column = InputColumns[iinfo];
            return RowUtils.Generic<Delegate>(
                column.Type is VectorDataViewType ? Vector<float> : Scalar<float>, column.Type.GetItemType().RawType, input, column, parent._scales[iinfo]);
        }

        private static Delegate Scalar<T>(DataViewRow row, DataViewSchema.Column column, SlotScales scales)
            where T : INumberBase<T>
        {
            var getter = row.GetGetter<T>(column);
            var (offset, scale) = (T.CreateChecked(scales.Offsets[0]), T.CreateChecked(scales.Scales[0]));
            return (ValueGetter<T>)((ref T value) =>
            {
                getter(ref value);
                value = (value - offset) * scale;
            });
        }

        private static Delegate Vector<T>(DataViewRow row, DataViewSchema.Column column, SlotScales scales)
            where T : INumberBase<T>
        {
            var getter = row.GetGetter<VBuffer<T>>(column);
            var offsets = Array.ConvertAll(scales.Offsets, T.CreateChecked);
            var factors = Array.ConvertAll(scales.Scales, T.CreateChecked);
            VBuffer<T> source = default;
            return (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
            {
                getter(ref source);
                var editor = VBufferEditor.Create(ref value, source.Length);
                foreach (var (slot, item) in source.Items(all: true))
                    editor.Values[slot] = (item - offsets[slot]) * factors[slot];
                value = editor.Commit();
            });
        }
    }
}
