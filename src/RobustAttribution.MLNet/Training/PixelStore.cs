using System.Runtime.InteropServices;

namespace RobustAttribution.MLNet.Training;

/// <summary>Images in memory: one byte a value as long as every value is a 255th, four bytes from the first one that is not.</summary>
internal sealed class PixelStore(int valueCount)
{
    private const int BlockBytes = 1 << 26; // arrays of bounded size; an image never crosses two
    private readonly List<byte[]> blocks = [];
    private int elementSize = 1;

    /// <summary>Images held.</summary>
    public long Count { get; private set; }

    /// <summary>Whether values are bytes in 0…255; otherwise floats in [0, 1].</summary>
    public bool HoldsBytes => elementSize == 1;

    /// <summary>Memory that one image more would need in all.</summary>
    public long BytesWithOneMore => (Count + 1) * valueCount * elementSize;

    /// <summary>The largest value seen, in [0, 1].</summary>
    public float Largest { get; private set; }

    private int RowBytes => valueCount * elementSize;

    private int RowsPerBlock => Math.Max(1, BlockBytes / RowBytes);

    /// <summary>Adds an image.</summary>
    /// <param name="image">C·H·W values in [0, 1].</param>
    public void Add(ReadOnlySpan<float> image)
    {
        if (HoldsBytes && !AreBytes(image))
        {
            ToFloats();
        }

        Span<byte> target = Row(Count++, grow: true);
        if (HoldsBytes)
        {
            for (int i = 0; i < image.Length; i++)
            {
                target[i] = (byte)MathF.Round(image[i] * 255);
            }
        }
        else
        {
            MemoryMarshal.AsBytes(image).CopyTo(target);
        }

        foreach (float value in image)
        {
            Largest = Math.Max(Largest, value);
        }
    }

    /// <summary>Copies an image as it is stored.</summary>
    public void CopyTo(long row, Span<byte> target) => Row(row, grow: false).CopyTo(target);

    /// <summary>Whether every value is a 255th, to 1/1000 of a grey level: images scaled by the float 1/255 are not exact.</summary>
    public static bool AreBytes(ReadOnlySpan<float> image)
    {
        foreach (float value in image)
        {
            float level = value * 255;
            if (MathF.Abs(level - MathF.Round(level)) > 1e-3f)
            {
                return false;
            }
        }

        return true;
    }

    private Span<byte> Row(long row, bool grow)
    {
        int block = (int)(row / RowsPerBlock);
        if (grow && block == blocks.Count)
        {
            blocks.Add(new byte[(long)RowsPerBlock * RowBytes]);
        }

        return blocks[block].AsSpan((int)(row % RowsPerBlock) * RowBytes, RowBytes);
    }

    private void ToFloats()
    {
        byte[][] bytes = [.. blocks];
        int rowsPerBlock = RowsPerBlock;
        long count = Count;
        blocks.Clear();
        elementSize = sizeof(float);
        Count = 0;
        for (long row = 0; row < count; row++)
        {
            ReadOnlySpan<byte> source = bytes[row / rowsPerBlock].AsSpan((int)(row % rowsPerBlock) * valueCount, valueCount);
            Span<float> target = MemoryMarshal.Cast<byte, float>(Row(Count++, grow: true));
            for (int i = 0; i < valueCount; i++)
            {
                target[i] = source[i] / 255f;
            }
        }
    }
}
