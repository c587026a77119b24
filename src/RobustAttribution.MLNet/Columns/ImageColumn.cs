using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Columns;

/// <summary>The column of images, read as C·H·W values in [0, 1].</summary>
internal sealed class ImageColumn
{
    private readonly DataViewType type;
    private readonly InputSpecification input;
    private readonly PixelScale scale;
    private readonly ResizePolicy resize;

    private ImageColumn(DataViewSchema.Column column, InputSpecification input, PixelScale scale, ResizePolicy resize)
    {
        Name = column.Name;
        Index = column.Index;
        type = column.Type;
        this.input = input;
        this.scale = scale;
        this.resize = resize;
    }

    /// <summary>The value 1 of 0…255, in [0, 1].</summary>
    public const float OneOfBytes = 1 / 255f;

    public string Name { get; }

    public int Index { get; }

    /// <summary>C·H·W of the network's input.</summary>
    public int ValueCount => input.ValueCount;

    /// <summary>Whether the images are vectors of floats, the one kind whose range is not known by itself.</summary>
    public bool IsFloatVector => type is VectorDataViewType vector && vector.ItemType == NumberDataViewType.Single;

    /// <summary>A sentence if no value of some images is above 1 although the column's scale is 0…255; null otherwise.</summary>
    /// <param name="largest">Their largest value, in [0, 1].</param>
    public string? ScaleProblem(float largest)
        => scale != PixelScale.Bytes || !IsFloatVector || largest > OneOfBytes
            ? null
            : $"No value in image column '{Name}' is above 1, so its images seem to be in 0…1.";

    /// <summary>Finds the column and checks that the network can read it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The column is missing, of another type, or of another size than the network's input.
    /// </exception>
    public static ImageColumn Bind(DataViewSchema schema, string name, InputSpecification input, PixelScale scale, ResizePolicy resize)
    {
        DataViewSchema.Column column = SchemaColumns.Require(schema, name, Expected);
        if (column.Type is not ImageDataViewType)
        {
            VectorDataViewType vector = RequireVector(name, column.Type);
            bool otherShape = vector.Dimensions.Length == 3 && !vector.Dimensions.SequenceEqual([input.Channels, input.Height, input.Width]);
            if (vector.Size != input.ValueCount || otherShape)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(schema),
                    $"Image column '{name}' holds vectors of {string.Join('×', vector.Dimensions)} values; "
                    + $"the network takes {input.Channels}×{input.Height}×{input.Width} (channels × height × width).");
            }
        }

        return new ImageColumn(column, input, scale, resize);
    }

    /// <summary>The shape of a column's images; null for an MLImage column, whose images may have any size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The column is missing or of another type, or its vectors have no three dimensions to tell the shape.
    /// </exception>
    public static (int Channels, int Height, int Width)? ShapeOf(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = SchemaColumns.Require(schema, name, Expected);
        if (column.Type is ImageDataViewType)
        {
            return null;
        }

        VectorDataViewType vector = RequireVector(name, column.Type);
        if (vector.Dimensions.Length != 3)
        {
            throw new ArgumentOutOfRangeException(
                nameof(schema),
                $"Image column '{name}' holds vectors of {string.Join('×', vector.Dimensions)} values, which does not tell channels × height "
                + "× width. Set the option Input.");
        }

        (int channels, int height, int width) = (vector.Dimensions[0], vector.Dimensions[1], vector.Dimensions[2]);
        if (channels > 4 && width <= 4)
        {
            throw new ArgumentOutOfRangeException(
                nameof(schema),
                $"Image column '{name}' holds vectors of {channels}×{height}×{width} values, which looks like height × width × channels. "
                + "Use ExtractPixels with interleavePixelColors: false.");
        }

        return (channels, height, width);
    }

    /// <summary>Throws unless a promised column can hold images.</summary>
    public static void CheckShape(SchemaShape shape, string name)
    {
        SchemaShape.Column column = SchemaColumns.Require(shape, name, Expected);
        bool image = column.Kind == SchemaShape.Column.VectorKind.Scalar && column.ItemType is ImageDataViewType;
        bool vector = column.Kind == SchemaShape.Column.VectorKind.Vector && !column.IsKey
            && (column.ItemType == NumberDataViewType.Single || column.ItemType == NumberDataViewType.Byte);
        if (!image && !vector)
        {
            throw new ArgumentOutOfRangeException(nameof(shape), $"Image column '{name}' holds {column.Describe()}; needed is {Expected}.");
        }
    }

    /// <summary>A reader of the source's current row.</summary>
    public ImageRowReader Open(DataViewRow source) => type switch
    {
        ImageDataViewType => new ImageReader(Name, source, source.Schema[Index], input, resize),
        VectorDataViewType { ItemType: var item } when item == NumberDataViewType.Byte
            => new ByteVectorReader(Name, source, source.Schema[Index], input),
        _ => new FloatVectorReader(Name, source, source.Schema[Index], input, scale),
    };

    private const string Expected = "a column of MLImage or of float vectors with channels × height × width values";

    private static VectorDataViewType RequireVector(string name, DataViewType type)
        => type is VectorDataViewType { IsKnownSize: true } vector
            && (vector.ItemType == NumberDataViewType.Single || vector.ItemType == NumberDataViewType.Byte)
            ? vector
            : throw new ArgumentOutOfRangeException(nameof(name), $"Image column '{name}' holds {type}; needed is {Expected}.");
}
