using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;

namespace RobustAttribution.MLNet;

/// <summary>Computes the column of <see cref="SaliencyLocalizationTransformer"/>.</summary>
internal sealed class SaliencyLocalizationMapper : IRowMapper, ICanSaveOnnx
{
    /// <summary>The annotation of a column of predicted boxes that holds the thresholds of its boxes.</summary>
    public const string ThresholdsKind = "LocalizationThresholds";

    private readonly SaliencyLocalizationTransformer owner;
    private readonly SaliencyLocalizationEstimator.Options options;
    private readonly MapLocalizer[] localizers;
    private readonly DataViewSchema.Column map;
    private readonly DataViewSchema.Column? images;
    private readonly int height;
    private readonly int width;
    private readonly ResizePolicy resize;

    public SaliencyLocalizationMapper(SaliencyLocalizationTransformer owner, DataViewSchema schema, SaliencyLocalizationEstimator.Options options)
    {
        this.owner = owner;
        this.options = options;
        localizers = [.. options.Thresholds.Select(threshold => new MapLocalizer { Threshold = threshold, Smooth = options.Smooth })];
        map = SchemaColumns.Require(schema, options.MapColumnName, "the column of maps");
        (height, width) = MapSize(map);
        if (options.ImageColumnName is { } name)
        {
            images = SchemaColumns.Require(schema, name, "the column of images");
            _ = images.Value.Type is ImageDataViewType ? null : ImageColumn.ShapeOf(schema, name);
        }

        resize = (images ?? map).Type is ImageDataViewType ? options.Resize ?? MapResize.Of(map) ?? throw NoPolicy() : ResizePolicy.Fill;
    }

    public DataViewSchema.DetachedColumn[] GetOutputColumns()
        => [new(options.OutputColumnName, BoxVectors.Type(options.Thresholds.Count), Annotations())];

    public Func<int, bool> GetDependencies(Func<int, bool> activeOutput)
        => column => activeOutput(0) && (column == map.Index || column == images?.Index);

    public Delegate[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action? disposer)
    {
        disposer = null;
        return activeOutput(0) ? [CreateGetter(input)] : [null!];
    }

    public bool CanSaveOnnx(OnnxContext ctx) => throw OnnxExport.Refuse("SaliencyLocalization");

    public void Save(ModelSaveContext ctx) => ((ICanSaveModel)owner).Save(ctx);

    public ITransformer GetTransformer() => owner;

    private ValueGetter<VBuffer<float>> CreateGetter(DataViewRow source)
    {
        ValueGetter<VBuffer<float>> read = source.GetGetter<VBuffer<float>>(map);
        Func<(int Height, int Width)> size = SizeGetter(source);
        VBuffer<float> values = default;
        float[] dense = new float[height * width];
        var boxes = new BoundingBox[localizers.Length];
        return (ref VBuffer<float> value) =>
        {
            read(ref values);
            values.CopyTo(dense);
            (int imageHeight, int imageWidth) = size();
            var geometry = new ResizeGeometry(resize, imageWidth, imageHeight, width, height);
            for (int i = 0; i < boxes.Length; i++)
            {
                boxes[i] = geometry.ToSource(localizers[i].Locate(dense, height, width));
            }

            BoxVectors.Write(boxes, ref value);
        };
    }

    /// <exception cref="ArgumentOutOfRangeException">It is not a column of maps.</exception>
    internal static ArgumentOutOfRangeException NotMaps(string name, string found)
        => new(nameof(name), $"Map column '{name}' holds {found}; needed are vectors of H×W values of Single, as Saliency makes.");

    private ArgumentException NoPolicy() => new(
        $"Resize is null, and map column '{map.Name}' carries no policy of a model that read MLImages: how did the images of column"
        + $" '{images!.Value.Name}' become the size of the maps? Set Resize to one of {string.Join(", ", Enum.GetNames<ResizePolicy>())}.");

    private static (int Height, int Width) MapSize(DataViewSchema.Column map)
    {
        if (map.Type is not VectorDataViewType vector)
        {
            throw NotMaps(map.Name, map.Type.ToString()!);
        }

        return vector is { IsKnownSize: true, Dimensions: [int height, int width] } && vector.ItemType == NumberDataViewType.Single
            ? (height, width)
            : throw NotMaps(map.Name, $"vectors of {string.Join('×', vector.Dimensions)} values of {vector.ItemType}");
    }

    private DataViewSchema.Annotations Annotations()
    {
        float[] thresholds = [.. options.Thresholds.Select(threshold => (float)threshold)];
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(
            ThresholdsKind,
            new VectorDataViewType(NumberDataViewType.Single, thresholds.Length),
            (ref VBuffer<float> value) => thresholds.CopyToBuffer(ref value));
        if (thresholds.Length == 1)
        {
            BoxVectors.AddSlotNames(builder);
        }

        return builder.ToAnnotations();
    }

    /// <summary>The size of the current row's image.</summary>
    private Func<(int Height, int Width)> SizeGetter(DataViewRow source)
    {
        if (images is not { } column)
        {
            return () => (height, width);
        }

        if (column.Type is VectorDataViewType vector)
        {
            (int imageHeight, int imageWidth) = (vector.Dimensions[1], vector.Dimensions[2]);
            return () => (imageHeight, imageWidth);
        }

        var reader = new MLImageReader(source, column);
        return () =>
        {
            MLImage image = reader.Read();
            return (image.Height, image.Width);
        };
    }
}
