using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>A column of a <see cref="DatasetView"/>, whose values depend on the row's number alone.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="CreateGetter">A ValueGetter for a cursor whose row's number is given.</param>
/// <param name="Annotations">Its annotations; null for none.</param>
internal sealed record DatasetColumn(
    string Name, DataViewType Type, Func<Func<int>, Delegate> CreateGetter, DataViewSchema.Annotations? Annotations = null)
{
    private delegate void Filler<T>(int row, ref T value);

    /// <summary>The row's number, from 0.</summary>
    public static DatasetColumn Number { get; } = Int64("Id", row => row);

    /// <summary>The column Split with one value in all rows.</summary>
    public static DatasetColumn Split(DatasetSplit split) => Text("Split", _ => Splits.Name(split));

    public static DatasetColumn Text(string name, Func<int, string> text)
        => Of(name, TextDataViewType.Instance, (int row, ref ReadOnlyMemory<char> value) => value = text(row).AsMemory());

    public static DatasetColumn Int64(string name, Func<int, long> number)
        => Of(name, NumberDataViewType.Int64, (int row, ref long value) => value = number(row));

    /// <summary>Classes as text, or as a key whose values are the names.</summary>
    public static DatasetColumn Class(string name, IReadOnlyList<string> classNames, bool asKey, Func<int, int> label)
    {
        if (!asKey)
        {
            return Text(name, row => classNames[label(row)]);
        }

        ReadOnlyMemory<char>[] names = [.. classNames.Select(text => text.AsMemory())];
        var annotations = new DataViewSchema.Annotations.Builder();
        new ClassNames<ReadOnlyMemory<char>>(TextDataViewType.Instance, names).AddTo(annotations, AnnotationKinds.KeyValues);
        var type = new KeyDataViewType(typeof(uint), names.Length);
        return Of(name, type, (int row, ref uint value) => value = (uint)label(row) + 1) with { Annotations = annotations.ToAnnotations() };
    }

    /// <summary>Boxes in the pixels of the column Image.</summary>
    public static DatasetColumn Box(Func<int, BoundingBox> box)
        => Of("Box", BoxVectors.Type(), (int row, ref VBuffer<float> value) => BoxVectors.Write([box(row)], ref value)) with
        {
            Annotations = BoxVectors.Annotations(),
        };

    /// <summary>Images of any size.</summary>
    public static DatasetColumn Images(Func<int, MLImage> read) => Images(new ImageDataViewType(), read);

    /// <summary>Square images of planes, [channels, side, side] bytes: as vectors in 0…255, or as MLImages.</summary>
    public static DatasetColumn Images(int channels, int side, bool asMLImage, Func<int, ReadOnlyMemory<byte>> planes)
    {
        int area = side * side;
        if (asMLImage)
        {
            return Images(new ImageDataViewType(side, side), row => ToImage(planes(row).Span));
        }

        return Of("Image", new VectorDataViewType(NumberDataViewType.Single, channels, side, side), (int row, ref VBuffer<float> value) =>
        {
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, channels * area);
            ReadOnlySpan<byte> bytes = planes(row).Span;
            for (int i = 0; i < editor.Values.Length; i++)
            {
                editor.Values[i] = bytes[i];
            }

            value = editor.Commit();
        });

        MLImage ToImage(ReadOnlySpan<byte> bytes)
        {
            Span<byte> pixels = stackalloc byte[4 * area];
            (int green, int blue) = channels == 1 ? (0, 0) : (area, 2 * area);
            for (int i = 0; i < area; i++)
            {
                ReadOnlySpan<byte> pixel = [bytes[blue + i], bytes[green + i], bytes[i], byte.MaxValue];
                pixel.CopyTo(pixels[(4 * i)..]);
            }

            return MLImage.CreateFromPixels(side, side, MLPixelFormat.Bgra32, pixels);
        }
    }

    private static DatasetColumn Images(ImageDataViewType type, Func<int, MLImage> read) => Of("Image", type, (int row, ref MLImage value) =>
    {
        MLImage image = read(row);
        value?.Dispose();
        value = image;
    });

    private static DatasetColumn Of<T>(string name, DataViewType type, Filler<T> fill)
        => new(name, type, row => new ValueGetter<T>((ref T value) => fill(row(), ref value)));
}
