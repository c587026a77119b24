using System.Runtime.InteropServices;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>Makes batches of stored pixels.</summary>
internal static class TrainingBatch
{
    /// <summary>A batch on the CPU of stored images.</summary>
    /// <param name="input">The shape of the images.</param>
    /// <param name="pixels">The images.</param>
    /// <param name="rows">Those of the batch.</param>
    /// <param name="classes">The class of each image of <paramref name="pixels"/>, 0 to K − 1.</param>
    /// <returns>Owned by the caller.</returns>
    public static ImageBatch Create(InputSpecification input, PixelStore pixels, long[] rows, IReadOnlyList<long> classes)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor labels) = Empty(input, pixels.HoldsBytes, rows.Length);
        Span<byte> target = images.bytes;
        Span<long> label = MemoryMarshal.Cast<byte, long>(labels.bytes);
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<byte> image = pixels[rows[i]];
            image.CopyTo(target[(i * image.Length)..]);
            label[i] = classes[(int)rows[i]];
        }

        return Owned(images, labels);
    }

    /// <summary>A batch on the CPU of rows from a stream.</summary>
    /// <param name="input">The shape of the images.</param>
    /// <param name="asBytes">Whether the pixels are bytes in 0…255; otherwise floats in [0, 1].</param>
    /// <param name="size">Rows of the batch, where the stream has as many.</param>
    /// <param name="rows">The stream; its current row is the first.</param>
    /// <returns>Owned by the caller.</returns>
    public static ImageBatch Create(InputSpecification input, bool asBytes, int size, IEnumerator<StreamedRow> rows)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor images, Tensor labels) = Empty(input, asBytes, size);
        Span<byte> target = images.bytes;
        Span<long> label = MemoryMarshal.Cast<byte, long>(labels.bytes);
        int count = 0;
        do
        {
            byte[] image = rows.Current.Pixels;
            image.CopyTo(target[(count * image.Length)..]);
            label[count++] = rows.Current.Label;
        }
        while (count < size && rows.MoveNext());
        return count == size ? Owned(images, labels) : Owned(images.narrow(0, 0, count).clone(), labels.narrow(0, 0, count).clone());
    }

    private static (Tensor Images, Tensor Labels) Empty(InputSpecification input, bool asBytes, int size) => (
        empty([size, input.Channels, input.Height, input.Width], dtype: asBytes ? ScalarType.Byte : ScalarType.Float32, device: CPU),
        empty([size], dtype: ScalarType.Int64, device: CPU));

    private static ImageBatch Owned(Tensor images, Tensor labels) => new(images.MoveToOuterDisposeScope(), labels.MoveToOuterDisposeScope());
}
