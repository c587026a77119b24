using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Makes the transformer that turns vectors into pictures; there is nothing to learn.</summary>
public sealed class VectorToImageConvertingEstimator : TrivialEstimator<VectorToImageConvertingTransformer>
{
    internal VectorToImageConvertingEstimator(IHostEnvironment env, params ColumnOptions[] columns)
        : base(
            Contracts.CheckRef(null, env, nameof(env)).Register(nameof(VectorToImageConvertingEstimator)),
            new VectorToImageConvertingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var result = new ShapeEdit(Host, inputSchema);
        foreach (var options in Transformer.Columns)
        {
            var column = result.Find(options.InputColumnName);
            var fits = column.ItemType == NumberDataViewType.Single || column.ItemType == NumberDataViewType.Double || column.ItemType == NumberDataViewType.Byte;
            if (column.Kind != SchemaShape.Column.VectorKind.Vector || !fits)
                throw result.Mismatch(column, "known-size vector of type Single, Double or Byte");
            result.Set(options.Name, SchemaShape.Column.VectorKind.Scalar, new ImageDataViewType(options.ImageHeight, options.ImageWidth));
        }

        return result.Shape;
    }

    internal static class Defaults
    {
        public const float Scale = 1f;
        public const float Offset = 0f;
        public const int DefaultAlpha = 255;
        public const int DefaultRed = 0;
        public const int DefaultGreen = 0;
        public const int DefaultBlue = 0;
    }

    /// <summary>What happens to one column.</summary>
    internal sealed class ColumnOptions
    {
        public readonly string Name;
        public readonly string InputColumnName;
        public readonly ColorBits Colors;
        public readonly ColorsOrder Order;
        public readonly bool InterleavedColors;
        public readonly int ImageWidth;
        public readonly int ImageHeight;
        public readonly float OffsetImage;
        public readonly float ScaleImage;

        public ColumnOptions(
            string name,
            int imageHeight,
            int imageWidth,
            string inputColumnName = null,
            ColorBits colorsPresent = ImagePixelExtractingEstimator.Defaults.Colors,
            ColorsOrder orderOfColors = ImagePixelExtractingEstimator.Defaults.Order,
            bool interleavedColors = ImagePixelExtractingEstimator.Defaults.Interleave,
            float scaleImage = Defaults.Scale,
            float offsetImage = Defaults.Offset)
        {
            Contracts.CheckNonWhiteSpace(name, nameof(name));
            Contracts.CheckParam(Count(colorsPresent) > 0, nameof(colorsPresent), "Need to use at least one color plane");
            Contracts.CheckParam(imageWidth > 0, nameof(imageWidth), "Image width must be greater than zero");
            Contracts.CheckParam(imageHeight > 0, nameof(imageHeight), "Image height must be greater than zero");
            Contracts.CheckParam(float.IsFinite(offsetImage), nameof(offsetImage));
            Contracts.CheckParam(float.IsFinite(scaleImage) && scaleImage != 0, nameof(scaleImage));
            Name = name;
            InputColumnName = inputColumnName ?? name;
            Colors = colorsPresent;
            Order = orderOfColors;
            InterleavedColors = interleavedColors;
            ImageWidth = imageWidth;
            ImageHeight = imageHeight;
            OffsetImage = offsetImage;
            ScaleImage = scaleImage;
        }

        internal ColumnOptions(string name, string inputColumnName, ModelLoadContext ctx)
        {
            Name = name;
            InputColumnName = inputColumnName;
            Colors = (ColorBits)ctx.Reader.ReadByte();
            Order = (ColorsOrder)ctx.Reader.ReadByte();
            ImageWidth = ctx.Reader.ReadInt32();
            ImageHeight = ctx.Reader.ReadInt32();
            OffsetImage = ctx.Reader.ReadSingle();
            ScaleImage = ctx.Reader.ReadSingle();
            InterleavedColors = ctx.Reader.ReadByte() != 0;
            for (var color = 0; color < 4; color++)
                _ = ctx.Reader.ReadInt32();
            Contracts.CheckDecode(Colors != 0 && (Colors & ColorBits.All) == Colors, "Unknown colors of pixels.");
            Contracts.CheckDecode(Enum.IsDefined(Order), "Unknown order of colors.");
            Contracts.CheckDecode(ImageWidth > 0 && ImageHeight > 0, "The width and the height of images must be positive.");
            Contracts.CheckDecode(float.IsFinite(OffsetImage), "The offset of pixels must be finite.");
            Contracts.CheckDecode(float.IsFinite(ScaleImage) && ScaleImage != 0, "The scale of pixels must be finite and not zero.");
        }

        internal int Planes => Count(Colors);

        internal void Save(ModelSaveContext ctx)
        {
            ctx.Writer.Write((byte)Colors);
            ctx.Writer.Write((byte)Order);
            ctx.Writer.Write(ImageWidth);
            ctx.Writer.Write(ImageHeight);
            ctx.Writer.Write(OffsetImage);
            ctx.Writer.Write(ScaleImage);
            ctx.Writer.Write((byte)(InterleavedColors ? 1 : 0));
            foreach (var color in new[] { Defaults.DefaultAlpha, Defaults.DefaultRed, Defaults.DefaultGreen, Defaults.DefaultBlue })
                ctx.Writer.Write(color);
        }
    }
}
