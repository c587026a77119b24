using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>A column of a <see cref="DatasetView"/>.</summary>
internal abstract class DatasetColumn(string name, DataViewType type, DataViewSchema.Annotations? annotations = null)
{
    public string Name { get; } = name;

    public DataViewType Type { get; } = type;

    public DataViewSchema.Annotations? Annotations { get; } = annotations;

    /// <summary>A ValueGetter of the row that a cursor is at.</summary>
    public abstract Delegate CreateGetter(DatasetRow row);

    /// <summary>The column Split with one value in all rows.</summary>
    public static DatasetColumn Split(string value) => Text("Split", _ => value);

    public static DatasetColumn Text(string name, Func<int, string> value)
        => new ScalarDatasetColumn<ReadOnlyMemory<char>>(name, TextDataViewType.Instance, row => value(row).AsMemory());

    public static DatasetColumn Int64(string name, Func<int, long> value) => new ScalarDatasetColumn<long>(name, NumberDataViewType.Int64, value);

    /// <summary>Classes as text, or as a key whose values are the names.</summary>
    public static DatasetColumn Class(string name, IReadOnlyList<string> classNames, bool asKey, Func<int, int> value)
    {
        if (!asKey)
        {
            return Text(name, row => classNames[value(row)]);
        }

        ReadOnlyMemory<char>[] names = [.. classNames.Select(text => text.AsMemory())];
        var annotations = new DataViewSchema.Annotations.Builder();
        new ClassNames<ReadOnlyMemory<char>>(TextDataViewType.Instance, names).AddTo(annotations, AnnotationKinds.KeyValues);
        return new ScalarDatasetColumn<uint>(name, new KeyDataViewType(typeof(uint), names.Length), row => (uint)value(row) + 1, annotations.ToAnnotations());
    }
}

/// <summary>A column of one value in each row, told by the row's number.</summary>
internal sealed class ScalarDatasetColumn<T>(string name, DataViewType type, Func<int, T> value, DataViewSchema.Annotations? annotations = null)
    : DatasetColumn(name, type, annotations)
{
    public override Delegate CreateGetter(DatasetRow row) => new ValueGetter<T>((ref T target) => target = value(row.Index));
}

/// <summary>Images as MLImages of their own size.</summary>
internal sealed class MLImageDatasetColumn(string name, (int Height, int Width)? size)
    : DatasetColumn(name, size is var (height, width) ? new ImageDataViewType(height, width) : new ImageDataViewType())
{
    public override Delegate CreateGetter(DatasetRow row) => new ValueGetter<MLImage>((ref MLImage image) =>
    {
        Raster raster = row.Image;
        image?.Dispose();
        image = raster.ToImage();
    });
}

/// <summary>Images as vectors of channels × height × width values in 0…255.</summary>
internal sealed class VectorDatasetColumn(string name, int channels, VectorFrame frame)
    : DatasetColumn(name, new VectorDataViewType(NumberDataViewType.Single, channels, frame.KeptHeight, frame.KeptWidth))
{
    public override Delegate CreateGetter(DatasetRow row)
    {
        var resampler = new PixelResampler(channels, frame.Height, frame.Width, frame.Policy);
        float[] whole = frame.KeepsAll ? [] : new float[channels * frame.Height * frame.Width];
        return new ValueGetter<VBuffer<float>>((ref VBuffer<float> value) =>
        {
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, channels * frame.KeptHeight * frame.KeptWidth);
            row.Image.CopyTo(frame.KeepsAll ? editor.Values : whole, channels, frame.Height, frame.Width, resampler);
            if (!frame.KeepsAll)
            {
                frame.CopyMiddle(whole, editor.Values, channels);
            }

            value = editor.Commit();
        });
    }
}

/// <summary>Boxes in the pixels of the column Image: those of the file, or moved with the image where it is resized.</summary>
internal sealed class BoxDatasetColumn(string name, Func<int, BoundingBox> box) : DatasetColumn(name, BoxVectors.Type(), BoxVectors.Annotations())
{
    /// <summary>How images become vectors; null where they stay as they are.</summary>
    public VectorFrame? Frame { get; init; }

    public BoxDatasetColumn For(VectorFrame? frame) => new(Name, box) { Frame = frame };

    public override Delegate CreateGetter(DatasetRow row) => new ValueGetter<VBuffer<float>>((ref VBuffer<float> value) =>
    {
        BoundingBox found = box(row.Index);
        if (Frame is { } frame)
        {
            Raster raster = row.Image;
            found = frame.Move(found, raster.Width, raster.Height);
        }

        BoxVectors.Write([found], ref value);
    });
}
