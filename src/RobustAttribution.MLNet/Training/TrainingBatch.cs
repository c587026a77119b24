using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>Makes batches of stored pixels.</summary>
internal static class TrainingBatch
{
    /// <summary>A batch on the CPU.</summary>
    /// <param name="input">The shape of the images.</param>
    /// <param name="asBytes">Whether the pixels are bytes in 0…255; otherwise floats in [0, 1].</param>
    /// <param name="labels">The class of each image, 0 to K − 1.</param>
    /// <param name="pixels">The bytes of each image.</param>
    /// <returns>Owned by the caller.</returns>
    public static ImageBatch Create(InputSpecification input, bool asBytes, long[] labels, Func<int, ReadOnlySpan<byte>> pixels)
    {
        using IDisposable scope = NewDisposeScope();
        ScalarType type = asBytes ? ScalarType.Byte : ScalarType.Float32;
        Tensor images = empty([labels.Length, input.Channels, input.Height, input.Width], dtype: type, device: CPU);
        Span<byte> target = images.bytes;
        for (int i = 0; i < labels.Length; i++)
        {
            ReadOnlySpan<byte> image = pixels(i);
            image.CopyTo(target[(i * image.Length)..]);
        }

        return new ImageBatch(images.MoveToOuterDisposeScope(), tensor(labels, device: CPU).MoveToOuterDisposeScope());
    }
}
