using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Image;

[assembly: LoadableClass(typeof(ImageLoadingTransformer), null, typeof(SignatureLoadModel), "", ImageLoadingTransformer.LoaderSignature)]

namespace Microsoft.ML.Data;

/// <summary>Reads the files that text columns name, as pictures or as bytes.</summary>
public sealed class ImageLoadingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ImageLoaderTransform";

    /// <summary>The folder that relative paths start from; null if they are taken as they are.</summary>
    public readonly string ImageFolder;

    private readonly bool _asImage;

    internal ImageLoadingTransformer(IHostEnvironment env, string imageFolder, bool asImage, params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(nameof(ImageLoadingTransformer)), columns)
    {
        if (!string.IsNullOrEmpty(imageFolder))
        {
            if (!Directory.Exists(imageFolder))
                throw new ArgumentException($"Directory \"{imageFolder}\" does not exist.");
            ImageFolder = Path.GetFullPath(imageFolder);
        }

        _asImage = asImage;
    }

    private ImageLoadingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        ImageFolder = ctx.LoadStringOrNull();
        _asImage = ctx.Reader.ReadBoolean();
    }

    internal IReadOnlyCollection<(string outputColumnName, string inputColumnName)> Columns => ColumnPairs;

    private static VersionInfo VersionInfo => new(
        modelSignature: "IMGLOADR",
        verWrittenCur: 0x00010003,
        verReadableCur: 0x00010003,
        verWeCanReadBack: 0x00010003,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(ImageLoadingTransformer).Assembly.GetName().Name);

    private static ImageLoadingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        env.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel(VersionInfo);
        return new(env.Register(nameof(ImageLoadingTransformer)), ctx);
    }

    // Model: columns; string: folder or null; bool: pictures.
    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetVersionInfo(VersionInfo);
        SaveColumns(ctx);
        ctx.SaveStringOrNull(ImageFolder);
        ctx.Writer.Write(_asImage);
    }

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        var type = inputSchema[srcCol].Type;
        if (type is not TextDataViewType)
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", ColumnPairs[col].inputColumnName, TextDataViewType.Instance.ToString(), type.ToString());
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private string PathOf(ReadOnlyMemory<char> name) => ImageFolder == null ? name.ToString() : Path.Combine(ImageFolder, name.ToString());

    private sealed class Mapper(ImageLoadingTransformer parent, DataViewSchema inputSchema)
        : OneToOneMapperBase(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
    {
        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore()
        {
            DataViewType type = parent._asImage ? new ImageDataViewType() : new VectorDataViewType(NumberDataViewType.Byte);
            return parent.ColumnPairs.Select(pair => new DataViewSchema.DetachedColumn(pair.outputColumnName, type, null)).ToArray();
        }

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput, out Action disposer)
        {
            var name = default(ReadOnlyMemory<char>);
            var getName = input.GetGetter<ReadOnlyMemory<char>>(InputColumns[iinfo]);
            if (!parent._asImage)
            {
                disposer = null;
                return (ValueGetter<VBuffer<byte>>)GetBytes;
            }

            // The caller's previous picture is given up when he asks for the next one, the last one with the cursor.
            MLImage last = null;
            disposer = () => last?.Dispose();
            return (ValueGetter<MLImage>)GetImage;

            void GetImage(ref MLImage image)
            {
                image?.Dispose();
                image = null;
                getName(ref name);
                if (name.Length > 0)
                {
                    var path = parent.PathOf(name);
                    using var bytes = new MemoryStream(File.ReadAllBytes(path));
                    image = MLImage.CreateFromStream(bytes);
                    image.Tag = path;
                }

                last = image;
            }

            void GetBytes(ref VBuffer<byte> value)
            {
                getName(ref name);
                var bytes = name.Length > 0 ? File.ReadAllBytes(parent.PathOf(name)) : [];
                var editor = VBufferEditor.Create(ref value, bytes.Length);
                bytes.CopyTo(editor.Values);
                value = editor.Commit();
            }
        }
    }
}
