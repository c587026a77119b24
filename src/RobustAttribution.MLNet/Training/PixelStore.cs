using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace RobustAttribution.MLNet.Training;

/// <summary>Images in memory: one byte a value as long as every value is a 255th, four bytes from the first one that is not.</summary>
internal sealed class PixelStore(int valueCount)
{
    private const int BlockBytes = 1 << 26; // arrays of bounded size; an image never crosses two
    private readonly List<byte[]> blocks = [];
    private readonly int rowsPerBlock = Math.Max(1, BlockBytes / sizeof(float) / valueCount);
    private int elementSize = 1;

    /// <summary>Images held.</summary>
    public long Count { get; private set; }

    /// <summary>Whether values are bytes in 0…255; otherwise floats in [0, 1].</summary>
    public bool HoldsBytes => elementSize == 1;

    /// <summary>Memory for one image more than there are.</summary>
    public long BytesWithOneMore => (Count + 1) * RowBytes;

    /// <summary>The largest value of all, in [0, 1].</summary>
    public float Largest { get; private set; }

    private long RowBytes => (long)valueCount * elementSize;

    /// <summary>An image as it is stored.</summary>
    public ReadOnlySpan<byte> this[long row] => Row(row);

    /// <summary>Adds an image.</summary>
    /// <param name="image">C·H·W values in [0, 1].</param>
    public void Add(ReadOnlySpan<float> image)
    {
        if (HoldsBytes && !AreBytes(image))
        {
            elementSize = sizeof(float);
            for (int i = 0; i < blocks.Count; i++)
            {
                blocks[i] = MemoryMarshal.AsBytes<float>(Array.ConvertAll(blocks[i], value => value / 255f)).ToArray();
            }
        }

        if (Count == (long)blocks.Count * rowsPerBlock)
        {
            blocks.Add(new byte[rowsPerBlock * RowBytes]);
        }

        Write(image, Row(Count++), HoldsBytes);
        Largest = Math.Max(Largest, TensorPrimitives.Max(image));
    }

    /// <summary>Writes an image as bytes in 0…255, or as the bytes of floats.</summary>
    public static void Write(ReadOnlySpan<float> image, Span<byte> target, bool asBytes)
    {
        if (!asBytes)
        {
            MemoryMarshal.AsBytes(image).CopyTo(target);
            return;
        }

        int at = 0;
        for (; at <= image.Length - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            ReadOnlySpan<float> part = image.Slice(at, Vector<byte>.Count);
            Vector<short> low = Vector.Narrow(Levels(part, 0), Levels(part, 1)), high = Vector.Narrow(Levels(part, 2), Levels(part, 3));
            Vector.AsVectorByte(Vector.Narrow(low, high)).CopyTo(target[at..]);
        }

        for (; at < image.Length; at++)
        {
            target[at] = (byte)MathF.Round(image[at] * 255);
        }

        static Vector<int> Levels(ReadOnlySpan<float> values, int index)
            => Vector.ConvertToInt32(Vector.Round(new Vector<float>(values[(index * Vector<float>.Count)..]) * 255));
    }

    /// <summary>Whether every value is a 255th, to 1/1000 of a grey level: images scaled by the float 1/255 are not exact.</summary>
    public static bool AreBytes(ReadOnlySpan<float> image)
    {
        const float tolerance = 1e-3f;
        int at = 0;
        for (; at <= image.Length - Vector<float>.Count; at += Vector<float>.Count)
        {
            Vector<float> level = new Vector<float>(image[at..]) * 255;
            if (Vector.GreaterThanAny(Vector.Abs(level - Vector.Round(level)), new Vector<float>(tolerance)))
            {
                return false;
            }
        }

        for (; at < image.Length; at++)
        {
            float level = image[at] * 255;
            if (MathF.Abs(level - MathF.Round(level)) > tolerance)
            {
                return false;
            }
        }

        return true;
    }

    private Span<byte> Row(long row)
        => blocks[(int)(row / rowsPerBlock)].AsSpan((int)(row % rowsPerBlock * RowBytes), (int)RowBytes);
}
