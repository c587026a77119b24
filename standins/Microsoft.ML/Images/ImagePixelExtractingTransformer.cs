using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: LoadableClass(typeof(ImagePixelExtractingTransformer), null, typeof(SignatureLoadModel), "", ImagePixelExtractingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Image;

/// <summary>Turns pictures of a known size into vectors.</summary>
public sealed class ImagePixelExtractingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ImagePixelExtractor";
    private const string RegistrationName = "ImagePixelExtractor";

    private readonly ImagePixelExtractingEstimator.ColumnOptions[] _columns;

    internal ImagePixelExtractingTransformer(IHostEnvironment env, params ImagePixelExtractingEstimator.ColumnOptions[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(RegistrationName), columns.Select(column => (column.Name, column.InputColumnName)).ToArray()) =>
        _columns = columns;

    private ImagePixelExtractingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _columns = ColumnPairs.Select(pair => new ImagePixelExtractingEstimator.ColumnOptions(pair.outputColumnName, pair.inputColumnName, ctx)).ToArray();

    internal IReadOnlyCollection<ImagePixelExtractingEstimator.ColumnOptions> Columns => _columns;

    private static VersionInfo VersionInfo => new(
        modelSignature: "IMGPXEXT",
        verWrittenCur: 0x00010003,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010003,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(ImagePixelExtractingTransformer).Assembly.GetName().Name);

    private static ImagePixelExtractingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
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
        var name = _columns[col].InputColumnName;
        if (inputSchema[srcCol].Type is not ImageDataViewType image)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", name, "image", inputSchema[srcCol].Type.ToString());
        if (image.Height <= 0 || image.Width <= 0)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", name, "known-size image", "unknown-size image");
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper(ImagePixelExtractingTransformer parent, DataViewSchema inputSchema)
        : OneToOneMapperBase(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() =>
            parent._columns.Select((column, i) =>
            {
                var image = ImageType(i);
                var type = column.InterleavePixelColors
                    ? new VectorDataViewType(column.ItemType, image.Height, image.Width, column.Planes)
                    : new VectorDataViewType(column.ItemType, column.Planes, image.Height, image.Width);
                return new DataViewSchema.DetachedColumn(column.Name, type, null);
            }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            // There are only 256 values to convert.
            var options = parent._columns[iinfo];
            var colors = Enumerable.Range(0, 256);
            return options.OutputAsFloatArray
                ? MakeGetter(input, iinfo, colors.Select(color => (color - options.OffsetImage) * options.ScaleImage).ToArray(), out disposer)
                : MakeGetter(input, iinfo, colors.Select(color => (byte)color).ToArray(), out disposer);
        }

        private ImageDataViewType ImageType(int iinfo) => (ImageDataViewType)InputColumns[iinfo].Type;

        private ValueGetter<VBuffer<TValue>> MakeGetter<TValue>(DataViewRow input, int iinfo, TValue[] converted, out Action disposer)
        {
            var options = parent._columns[iinfo];
            var type = ImageType(iinfo);
            var pixelCount = type.Height * type.Width;
            var size = pixelCount * options.Planes;
            var (pixelStep, colorStep) = options.InterleavePixelColors ? (options.Planes, 1) : (1, pixelCount);
            var places = ImagePixelExtractingEstimator.Places(options.OrderOfExtraction, options.ColorsToExtract);
            var getSource = input.GetGetter<MLImage>(InputColumns[iinfo]);
            MLImage source = null;
            disposer = () => source?.Dispose();
            return (ref VBuffer<TValue> value) =>
            {
                getSource(ref source);
                if (source == null)
                {
                    value = new VBuffer<TValue>(size, 0, [], []);
                    return;
                }

                Host.Check(
                    source.Height == type.Height && source.Width == type.Width,
                    $"Column '{options.InputColumnName}' promises {type}, but a picture has {source.Width} x {source.Height} pixels (width x height).");
                var editor = VBufferEditor.Create(ref value, size);
                var (red, green, blue) = PixelOperations.Offsets(source.PixelFormat);
                foreach (var (from, place) in new[] { (3, places.Alpha), (red, places.Red), (green, places.Green), (blue, places.Blue) })
                {
                    if (place >= 0)
                        Copy(source.Pixels[from..], editor.Values[(place * colorStep)..], pixelStep, converted);
                }

                value = editor.Commit();
            };
        }

        /// <summary>Converts every fourth byte into every <paramref name="step"/>-th value.</summary>
        private static void Copy<TValue>(ReadOnlySpan<byte> from, Span<TValue> to, int step, TValue[] converted)
        {
            var target = 0;
            for (var i = 0; i < from.Length; i += 4, target += step)
                to[target] = converted[from[i]];
        }
    }
}
