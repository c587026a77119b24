using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// Brings 4-byte pixels of any size to planes of one size, as bytes/255. Scales by a triangle filter as wide as the step between samples,
/// so shrinking averages and does not skip pixels (what Pillow calls BILINEAR). Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
/// </summary>
internal sealed class PixelResampler(int channels, int height, int width, ResizePolicy policy)
{
    private static readonly int Lanes = Vector<float>.Count;
    private readonly TriangleFilter horizontal = new(width);
    private readonly TriangleFilter vertical = new(height);
    private float[] lines = []; // [channels, source width, lanes] of as many rows as are resampled at once
    private float[] rows = []; // [channels, source height, width]
    private (int Width, int Height) prepared;
    private bool isCopy; // nothing changes, and the filters are not used

    /// <summary>Resamples one image.</summary>
    /// <param name="pixels">Rows of 4 bytes a pixel.</param>
    /// <param name="sourceWidth">In pixels.</param>
    /// <param name="sourceHeight">In pixels.</param>
    /// <param name="blueFirst">Whether the bytes are B, G, R, A; otherwise R, G, B, A. Alpha is left out.</param>
    /// <param name="target">[channels, height, width].</param>
    public void Resample(ReadOnlySpan<byte> pixels, int sourceWidth, int sourceHeight, bool blueFirst, Span<float> target)
    {
        if (prepared != (sourceWidth, sourceHeight))
        {
            Prepare(sourceWidth, sourceHeight);
        }

        if (isCopy)
        {
            Split(pixels, blueFirst, target, 1);
        }
        else
        {
            ResampleRows(pixels, sourceWidth, sourceHeight, blueFirst);
            for (int channel = 0; channel < channels; channel++)
            {
                Span<float> plane = target.Slice(channel * height * width, height * width);
                vertical.ApplyDown(rows.AsSpan(channel * sourceHeight * width, sourceHeight * width), plane, width);
            }
        }

        TensorPrimitives.Round(target, target); // means of bytes, so that nothing is below 0 or, once rounded, above 255
        TensorPrimitives.Divide(target, 255f, target);
    }

    /// <summary>Brings all rows to the width of the result.</summary>
    private void ResampleRows(ReadOnlySpan<byte> pixels, int sourceWidth, int sourceHeight, bool blueFirst)
    {
        for (int top = 0; top < sourceHeight; top += Lanes)
        {
            int count = Math.Min(Lanes, sourceHeight - top);
            for (int lane = 0; lane < count; lane++)
            {
                Split(pixels.Slice(4 * (top + lane) * sourceWidth, 4 * sourceWidth), blueFirst, lines.AsSpan(lane), Lanes);
            }

            for (int channel = 0; channel < channels; channel++)
            {
                horizontal.ApplyAcross(
                    lines.AsSpan(channel * sourceWidth * Lanes, sourceWidth * Lanes),
                    rows.AsSpan(((channel * sourceHeight) + top) * width, count * width));
            }
        }
    }

    /// <summary>Brings pixels to planes: [channels, pixels], the values of a plane <paramref name="step"/> apart.</summary>
    private void Split(ReadOnlySpan<byte> bytes, bool blueFirst, Span<float> target, int step)
    {
        ReadOnlySpan<uint> pixels = MemoryMarshal.Cast<byte, uint>(bytes);
        (int first, int third) = BitConverter.IsLittleEndian ? (0, 16) : (24, 8); // shifts; the second byte lies between
        (int red, int green, int blue) = blueFirst ? (third, (first + third) / 2, first) : (first, (first + third) / 2, third);
        int plane = pixels.Length * step;
        for (int i = 0; i < pixels.Length; i++)
        {
            uint pixel = pixels[i];
            if (channels == 1)
            {
                target[i * step] = (0.299f * (byte)(pixel >> red)) + (0.587f * (byte)(pixel >> green)) + (0.114f * (byte)(pixel >> blue));
            }
            else
            {
                target[i * step] = (byte)(pixel >> red);
                target[plane + (i * step)] = (byte)(pixel >> green);
                target[(2 * plane) + (i * step)] = (byte)(pixel >> blue);
            }
        }
    }

    private void Prepare(int sourceWidth, int sourceHeight)
    {
        var geometry = new ResizeGeometry(policy, sourceWidth, sourceHeight, width, height);
        isCopy = geometry is { ScaleX: 1, ScaleY: 1 } && (sourceWidth, sourceHeight) == (width, height);
        if (!isCopy)
        {
            Grow(ref lines, channels * sourceWidth * Lanes);
            horizontal.Prepare(sourceWidth, geometry.ScaleX, geometry.OffsetX);
            vertical.Prepare(sourceHeight, geometry.ScaleY, geometry.OffsetY);
            Grow(ref rows, channels * sourceHeight * width);
        }

        prepared = (sourceWidth, sourceHeight);
    }

    internal static void Grow<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[length];
        }
    }
}
