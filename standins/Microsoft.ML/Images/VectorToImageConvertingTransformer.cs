using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: LoadableClass(typeof(VectorToImageConvertingTransformer), null, typeof(SignatureLoadModel), "", VectorToImageConvertingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Image;

/// <summary>Turns vectors into pictures.</summary>
public sealed class VectorToImageConvertingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "VectorToImageConverter";
    private const string RegistrationName = "VectorToImageConverter";

    private readonly VectorToImageConvertingEstimator.ColumnOptions[] _columns;

    internal VectorToImageConvertingTransformer(IHostEnvironment env, params VectorToImageConvertingEstimator.ColumnOptions[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(RegistrationName), columns.Select(column => (column.Name, column.InputColumnName)).ToArray()) =>
        _columns = columns;

    private VectorToImageConvertingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _columns = ColumnPairs.Select(pair => new VectorToImageConvertingEstimator.ColumnOptions(pair.outputColumnName, pair.inputColumnName, ctx)).ToArray();

    internal IReadOnlyCollection<VectorToImageConvertingEstimator.ColumnOptions> Columns => _columns;

    private static VersionInfo VersionInfo => new(
        modelSignature: "VECTOIMG",
        verWrittenCur: 0x00010003,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010003,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(VectorToImageConvertingTransformer).Assembly.GetName().Name);

    private static VectorToImageConvertingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        env.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel(VersionInfo);
        return new(env.Register(RegistrationName), ctx);
    }

    // Model: columns, then the options of each.
    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(VersionInfo);
        SaveColumns(ctx);
        foreach (var column in _columns)
            column.Save(ctx);
    }

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        var column = _columns[col];
        if (inputSchema[srcCol].Type is not VectorDataViewType vector)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.InputColumnName, "image", inputSchema[srcCol].Type.ToString());
        if (vector.Size != column.ImageHeight * column.ImageWidth * column.Planes)
        {
            var expected = new VectorDataViewType(vector.ItemType, column.ImageHeight, column.ImageWidth, column.Planes);
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", column.InputColumnName, expected.ToString(), vector.ToString());
        }
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper(VectorToImageConvertingTransformer parent, DataViewSchema inputSchema)
        : OneToOneMapperBase(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() =>
            parent._columns.Select(column =>
                new DataViewSchema.DetachedColumn(column.Name, new ImageDataViewType(column.ImageHeight, column.ImageWidth), null)).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            disposer = null;
            var options = parent._columns[iinfo];
            var source = InputColumns[iinfo];
            var itemType = source.Type.GetItemType();
            var scaled = options.OffsetImage != 0 || options.ScaleImage != 1;
            if (itemType == NumberDataViewType.Single)
                return MakeGetter<float>(input, source, options, value => value, scaled);
            if (itemType == NumberDataViewType.Double)
                return MakeGetter<double>(input, source, options, value => (float)value, scaled);
            if (itemType == NumberDataViewType.Byte)
                return MakeGetter<byte>(input, source, options, value => value, scaled: false);
            throw Host.Except("We only support float, double or byte arrays");
        }

        private static ValueGetter<MLImage> MakeGetter<TValue>(
            DataViewRow input,
            DataViewSchema.Column column,
            VectorToImageConvertingEstimator.ColumnOptions options,
            Func<TValue, float> number,
            bool scaled)
        {
            var getSource = input.GetGetter<VBuffer<TValue>>(column);
            var (width, height) = (options.ImageWidth, options.ImageHeight);
            var (pixelStep, colorStep) = options.InterleavedColors ? (options.Planes, 1) : (1, width * height);
            var places = ImagePixelExtractingEstimator.Places(options.Order, options.Colors);
            var source = default(VBuffer<TValue>);
            var dense = default(VBuffer<TValue>);
            return (ref MLImage image) =>
            {
                getSource(ref source);
                if (source.GetValues().Length == 0)
                {
                    image = null;
                    return;
                }

                source.CopyToDense(ref dense);
                var pixels = new byte[width * height * 4];
                foreach (var (to, place) in new[] { (0, places.Blue), (1, places.Green), (2, places.Red), (3, places.Alpha) })
                {
                    if (place >= 0)
                        Copy(dense.GetValues()[(place * colorStep)..], pixels, to);
                    else
                        Fill(pixels, to);
                }

                image = MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels);
                image.Tag = nameof(VectorToImageConvertingTransformer);
            };

            void Copy(ReadOnlySpan<TValue> values, byte[] pixels, int to)
            {
                for (int i = 0; to < pixels.Length; i += pixelStep, to += 4)
                    pixels[to] = ToByte(number(values[i]));
            }

            // A missing colour goes through scale and offset like any other; a missing alpha is 0 where these are used, else 255.
            void Fill(byte[] pixels, int to)
            {
                var value = to switch
                {
                    3 => scaled ? (byte)0 : (byte)VectorToImageConvertingEstimator.Defaults.DefaultAlpha,
                    2 => ToByte(VectorToImageConvertingEstimator.Defaults.DefaultRed),
                    1 => ToByte(VectorToImageConvertingEstimator.Defaults.DefaultGreen),
                    _ => ToByte(VectorToImageConvertingEstimator.Defaults.DefaultBlue),
                };
                for (; to < pixels.Length; to += 4)
                    pixels[to] = value;
            }

            byte ToByte(float value) => scaled ? (byte)Math.Round((value * options.ScaleImage) - options.OffsetImage) : (byte)value;
        }
    }
}
