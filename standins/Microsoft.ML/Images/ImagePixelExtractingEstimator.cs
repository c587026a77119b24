using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

/// <summary>Makes the transformer that turns pictures into vectors; there is nothing to learn.</summary>
public sealed class ImagePixelExtractingEstimator : TrivialEstimator<ImagePixelExtractingTransformer>
{
    internal ImagePixelExtractingEstimator(IHostEnvironment env, params ColumnOptions[] columns)
        : base(Contracts.CheckRef(null, env, nameof(env)).Register(nameof(ImagePixelExtractingEstimator)), new ImagePixelExtractingTransformer(env, columns))
    {
    }

    /// <summary>A set of colours.</summary>
    [Flags]
    public enum ColorBits : byte
    {
        Alpha = 0x01,
        Red = 0x02,
        Green = 0x04,
        Blue = 0x08,
        Rgb = Red | Green | Blue,
        All = Alpha | Red | Green | Blue,
    }

    /// <summary>The order in which the chosen colours stand; those that are not chosen take no place.</summary>
    public enum ColorsOrder : byte
    {
        ARGB = 1,
        ARBG = 2,
        ABRG = 3,
        ABGR = 4,
        AGRB = 5,
        AGBR = 6,
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var result = new ShapeEdit(Host, inputSchema);
        foreach (var column in Transformer.Columns)
        {
            _ = result.Scalar<ImageDataViewType>(column.InputColumnName, "Image");
            result.Set(column.Name, SchemaShape.Column.VectorKind.Vector, column.ItemType);
        }

        return result.Shape;
    }

    /// <summary>The places of the colours among the chosen ones, -1 for one that is not chosen.</summary>
    internal static (int Alpha, int Red, int Green, int Blue) Places(ColorsOrder order, ColorBits colors)
    {
        var next = 0;
        var places = new Dictionary<char, int>();
        foreach (var letter in order.ToString())
        {
            var bit = letter switch
            {
                'A' => ColorBits.Alpha,
                'R' => ColorBits.Red,
                'G' => ColorBits.Green,
                _ => ColorBits.Blue,
            };
            places[letter] = (colors & bit) != 0 ? next++ : -1;
        }

        return (places['A'], places['R'], places['G'], places['B']);
    }

    internal static int Count(ColorBits colors) => int.PopCount((int)(colors & ColorBits.All));

    internal static class Defaults
    {
        public const ColorsOrder Order = ColorsOrder.ARGB;
        public const ColorBits Colors = ColorBits.Rgb;
        public const bool Interleave = false;
        public const bool Convert = true;
        public const float Scale = 1f;
        public const float Offset = 0f;
    }

    /// <summary>What happens to one column.</summary>
    internal sealed class ColumnOptions
    {
        public readonly string Name;
        public readonly string InputColumnName;
        public readonly ColorBits ColorsToExtract;
        public readonly ColorsOrder OrderOfExtraction;
        public readonly float OffsetImage;
        public readonly float ScaleImage;
        public readonly bool InterleavePixelColors;
        public readonly bool OutputAsFloatArray;

        public ColumnOptions(
            string name,
            string inputColumnName = null,
            ColorBits colorsToExtract = Defaults.Colors,
            ColorsOrder orderOfExtraction = Defaults.Order,
            bool interleavePixelColors = Defaults.Interleave,
            float offsetImage = Defaults.Offset,
            float scaleImage = Defaults.Scale,
            bool outputAsFloatArray = Defaults.Convert)
        {
            Contracts.CheckNonWhiteSpace(name, nameof(name));
            Contracts.CheckParam(Count(colorsToExtract) > 0, nameof(colorsToExtract), "Need to use at least one color plane.");
            Name = name;
            InputColumnName = inputColumnName ?? name;
            ColorsToExtract = colorsToExtract;
            OrderOfExtraction = orderOfExtraction;
            InterleavePixelColors = interleavePixelColors;
            OutputAsFloatArray = outputAsFloatArray;

            // Bytes are taken as they are.
            OffsetImage = outputAsFloatArray ? offsetImage : Defaults.Offset;
            ScaleImage = outputAsFloatArray ? scaleImage : Defaults.Scale;
            Contracts.CheckParam(float.IsFinite(OffsetImage), nameof(offsetImage));
            Contracts.CheckParam(float.IsFinite(ScaleImage) && ScaleImage != 0, nameof(scaleImage));
        }

        internal ColumnOptions(string name, string inputColumnName, ModelLoadContext ctx)
        {
            Name = name;
            InputColumnName = inputColumnName;
            ColorsToExtract = (ColorBits)ctx.Reader.ReadByte();
            OrderOfExtraction = (ColorsOrder)ctx.Reader.ReadByte();
            OutputAsFloatArray = ctx.Reader.ReadByte() != 0;
            OffsetImage = ctx.Reader.ReadSingle();
            ScaleImage = ctx.Reader.ReadSingle();
            InterleavePixelColors = ctx.Reader.ReadByte() != 0;
            Contracts.CheckDecode(ColorsToExtract != 0 && (ColorsToExtract & ColorBits.All) == ColorsToExtract, "Unknown colors to extract.");
            Contracts.CheckDecode(Enum.IsDefined(OrderOfExtraction), "Unknown order of colors.");
            Contracts.CheckDecode(float.IsFinite(OffsetImage), "The offset of pixels must be finite.");
            Contracts.CheckDecode(float.IsFinite(ScaleImage) && ScaleImage != 0, "The scale of pixels must be finite and not zero.");
        }

        internal int Planes => Count(ColorsToExtract);

        internal PrimitiveDataViewType ItemType => OutputAsFloatArray ? NumberDataViewType.Single : NumberDataViewType.Byte;

        internal void Save(ModelSaveContext ctx)
        {
            ctx.Writer.Write((byte)ColorsToExtract);
            ctx.Writer.Write((byte)OrderOfExtraction);
            ctx.Writer.Write((byte)(OutputAsFloatArray ? 1 : 0));
            ctx.Writer.Write(OffsetImage);
            ctx.Writer.Write(ScaleImage);
            ctx.Writer.Write((byte)(InterleavePixelColors ? 1 : 0));
        }
    }
}
