using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>The pixels of one image, in a buffer used again for the next: rows of 4 bytes, blue, green, red, opaque.</summary>
internal sealed class Raster
{
    private byte[] buffer = [];

    public int Width { get; private set; }

    public int Height { get; private set; }

    /// <summary>4·Width·Height bytes.</summary>
    public Span<byte> Pixels => buffer.AsSpan(0, 4 * Width * Height);

    /// <summary>Takes another size; the pixels are whatever they were.</summary>
    public void Resize(int width, int height)
    {
        int bytes = checked(4 * width * height);
        if (buffer.Length < bytes)
        {
            buffer = new byte[bytes];
        }

        (Width, Height) = (width, height);
    }

    /// <summary>Takes an image of planes, [1 or 3, height, width]: grey, or red, green, blue.</summary>
    public void SetPlanes(ReadOnlySpan<byte> planes, int channels, int width, int height)
    {
        Resize(width, height);
        int area = width * height;
        (int green, int blue) = channels == 1 ? (0, 0) : (area, 2 * area);
        for (int i = 0; i < area; i++)
        {
            Set(4 * i, planes[i], planes[green + i], planes[blue + i]);
        }
    }

    /// <summary>Takes the pixels of an image.</summary>
    public void SetImage(MLImage image)
    {
        Resize(image.Width, image.Height);
        ReadOnlySpan<byte> source = image.Pixels;
        (int red, int blue) = image.PixelFormat == MLPixelFormat.Bgra32 ? (2, 0) : (0, 2);
        for (int i = 0; i < source.Length; i += 4)
        {
            Set(i, source[i + red], source[i + 1], source[i + blue]);
        }
    }

    /// <summary>Writes one pixel; <paramref name="at"/> is its first byte.</summary>
    public void Set(int at, byte red, byte green, byte blue)
    {
        buffer[at] = blue;
        buffer[at + 1] = green;
        buffer[at + 2] = red;
        buffer[at + 3] = byte.MaxValue;
    }

    /// <summary>Keeps a part only, which must lie inside.</summary>
    public void Crop(int left, int top, int width, int height)
    {
        int stride = 4 * Width;
        for (int y = 0; y < height; y++)
        {
            buffer.AsSpan(((top + y) * stride) + (4 * left), 4 * width).CopyTo(buffer.AsSpan(4 * width * y));
        }

        (Width, Height) = (width, height);
    }

    /// <summary>A copy as an image.</summary>
    public MLImage ToImage() => MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Bgra32, Pixels);

    /// <summary>Writes [channels, height, width] values in 0…255, resampled where the size differs.</summary>
    public void CopyTo(Span<float> target, int channels, int height, int width, PixelResampler resampler)
    {
        if (Width == width && Height == height && channels == 3)
        {
            int area = width * height;
            for (int i = 0; i < area; i++)
            {
                target[i] = buffer[(4 * i) + 2];
                target[area + i] = buffer[(4 * i) + 1];
                target[(2 * area) + i] = buffer[4 * i];
            }

            return;
        }

        resampler.Resample(Pixels, Width, Height, blueFirst: true, target);
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = MathF.Round(target[i] * 255);
        }
    }
}
