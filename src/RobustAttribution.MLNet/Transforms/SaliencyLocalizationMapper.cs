using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet;

/// <summary>Computes the column of <see cref="SaliencyLocalizationTransformer"/>.</summary>
internal sealed class SaliencyLocalizationMapper : RowMapper
{
    /// <summary>The annotation of a column of predicted boxes that holds the thresholds of its boxes.</summary>
    public const string ThresholdsKind = "LocalizationThresholds";

    private readonly MapLocalizer[] localizers;
    private readonly ResizePolicy resize;
    private readonly int mapIndex;
    private readonly int imageIndex;
    private readonly int height;
    private readonly int width;

    public SaliencyLocalizationMapper(DataViewSchema schema, SaliencyLocalizationEstimator.Options options)
        : base(schema, Columns(schema, options), options.OutputColumnName, BoxVectors.Type(options.Thresholds.Count), Annotations(options))
    {
        localizers = [.. options.Thresholds.Select(threshold => new MapLocalizer { Threshold = threshold, Smooth = options.Smooth })];
        mapIndex = Inputs[0].Index;
        imageIndex = Inputs.Count > 1 ? Inputs[1].Index : -1;
        resize = Inputs[^1].Type is ImageDataViewType ? options.Resize : ResizePolicy.Fill;
        (height, width) = MapSize(Inputs[0]);
    }

    public override Delegate CreateGetter(DataViewRow source)
    {
        ValueGetter<VBuffer<float>> map = source.GetGetter<VBuffer<float>>(source.Schema[mapIndex]);
        Func<(int Height, int Width)> size = SizeGetter(source);
        VBuffer<float> values = default;
        float[] dense = new float[height * width];
        var boxes = new BoundingBox[localizers.Length];
        return new ValueGetter<VBuffer<float>>((ref VBuffer<float> value) =>
        {
            map(ref values);
            values.CopyTo(dense);
            (int imageHeight, int imageWidth) = size();
            var geometry = new ResizeGeometry(resize, imageWidth, imageHeight, width, height);
            for (int i = 0; i < boxes.Length; i++)
            {
                boxes[i] = geometry.ToSource(localizers[i].Locate(dense, height, width));
            }

            BoxVectors.Write(boxes, ref value);
        });
    }

    /// <exception cref="ArgumentOutOfRangeException">It is not a column of maps.</exception>
    internal static ArgumentOutOfRangeException NotMaps(string name, string found)
        => new(nameof(name), $"Map column '{name}' holds {found}; needed are vectors of H×W values of Single, as Saliency makes.");

    private static List<DataViewSchema.Column> Columns(DataViewSchema schema, SaliencyLocalizationEstimator.Options options)
    {
        DataViewSchema.Column map = SchemaColumns.Require(schema, options.MapColumnName, "the column of maps");
        _ = MapSize(map);
        List<DataViewSchema.Column> columns = [map];
        if (options.ImageColumnName is { } image)
        {
            if (SchemaColumns.Require(schema, image, "the column of images").Type is not ImageDataViewType)
            {
                _ = ImageColumn.ShapeOf(schema, image);
            }

            columns.Add(schema[image]);
        }

        return columns;
    }

    private static (int Height, int Width) MapSize(DataViewSchema.Column map)
        => map.Type is VectorDataViewType { IsKnownSize: true, Dimensions: [int height, int width] } vector && vector.ItemType == NumberDataViewType.Single
            ? (height, width)
            : throw NotMaps(map.Name, map.Type is VectorDataViewType other ? $"vectors of {string.Join('×', other.Dimensions)} values of {other.ItemType}" : map.Type.ToString()!);

    private static DataViewSchema.Annotations Annotations(SaliencyLocalizationEstimator.Options options)
    {
        float[] thresholds = [.. options.Thresholds.Select(threshold => (float)threshold)];
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(ThresholdsKind, new VectorDataViewType(NumberDataViewType.Single, thresholds.Length), (ref VBuffer<float> value) => thresholds.CopyToBuffer(ref value));
        if (thresholds.Length == 1)
        {
            BoxVectors.AddSlotNames(builder);
        }

        return builder.ToAnnotations();
    }

    /// <summary>The size of the current row's image.</summary>
    private Func<(int Height, int Width)> SizeGetter(DataViewRow source)
    {
        if (imageIndex < 0)
        {
            return () => (height, width);
        }

        if (source.Schema[imageIndex].Type is VectorDataViewType vector)
        {
            (int imageHeight, int imageWidth) = (vector.Dimensions[1], vector.Dimensions[2]);
            return () => (imageHeight, imageWidth);
        }

        ValueGetter<MLImage> getter = source.GetGetter<MLImage>(source.Schema[imageIndex]);
        MLImage? image = null; // given back to the getter, which may free or reuse it
        return () =>
        {
            getter(ref image!);
            return image is null
                ? throw new BrokenImageException($"Image column '{source.Schema[imageIndex].Name}', row {source.Position}: the image is missing.")
                : (image.Height, image.Width);
        };
    }
}
