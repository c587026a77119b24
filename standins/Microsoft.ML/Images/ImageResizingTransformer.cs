using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: LoadableClass(typeof(ImageResizingTransformer), null, typeof(SignatureLoadModel), "", ImageResizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Image;

/// <summary>Brings pictures to one size.</summary>
public sealed class ImageResizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ImageScalerTransform";
    private const string RegistrationName = "ImageScaler";

    private readonly ImageResizingEstimator.ColumnOptions[] _columns;

    internal ImageResizingTransformer(IHostEnvironment env, params ImageResizingEstimator.ColumnOptions[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(RegistrationName), columns.Select(column => (column.Name, column.InputColumnName)).ToArray()) =>
        _columns = columns;

    private ImageResizingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx) =>
        _columns = ColumnPairs.Select(pair => new ImageResizingEstimator.ColumnOptions(pair.outputColumnName, pair.inputColumnName, ctx)).ToArray();

    internal IReadOnlyCollection<ImageResizingEstimator.ColumnOptions> Columns => _columns;

    private static VersionInfo VersionInfo => new(
        modelSignature: "IMGSCALF",
        verWrittenCur: 0x00010003,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010003,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(ImageResizingTransformer).Assembly.GetName().Name);

    private static ImageResizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
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
        if (inputSchema[srcCol].Type is not ImageDataViewType)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", _columns[col].InputColumnName, "image", inputSchema[srcCol].Type.ToString());
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper(ImageResizingTransformer parent, DataViewSchema inputSchema)
        : OneToOneMapperBase(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() =>
            parent._columns.Select(column => new DataViewSchema.DetachedColumn(column.Name, column.Type, null)).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            var options = parent._columns[iinfo];
            var getSource = input.GetGetter<MLImage>(InputColumns[iinfo]);
            MLImage source = null;
            disposer = null;
            return (ValueGetter<MLImage>)((ref MLImage image) =>
            {
                // A picture that has the right size already is handed on itself, so this may dispose of the source's last one.
                image?.Dispose();
                getSource(ref source);
                if (source == null)
                    return;
                if (source.Height == options.ImageHeight && source.Width == options.ImageWidth)
                {
                    image = source;
                    return;
                }

                image = source.CloneWithResizing(options.ImageWidth, options.ImageHeight, options.Mode);
                image.Tag = source.Tag;
            });
        }
    }
}
