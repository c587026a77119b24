using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.ML.Data;

namespace StandIns.Tests.Images;

/// <summary>Picture files written byte by byte, and pixels read independently of their order.</summary>
internal static class PictureBytes
{
    internal enum PngColor : byte
    {
        Gray = 0,
        Rgb = 2,
        Rgba = 6,
    }

    /// <summary>A 24-bit bitmap; <paramref name="colors"/> holds red, green, blue per pixel from the top left.</summary>
    internal static byte[] Bmp(int width, int height, byte[] colors)
    {
        var stride = (width * 3 + 3) / 4 * 4;
        var file = new byte[54 + (stride * height)];
        file[0] = (byte)'B';
        file[1] = (byte)'M';
        Little(file, 2, file.Length);
        Little(file, 10, 54);
        Little(file, 14, 40);
        Little(file, 18, width);
        Little(file, 22, height);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), 24);
        Little(file, 34, stride * height);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var from = ((y * width) + x) * 3;
                var to = 54 + ((height - 1 - y) * stride) + (x * 3); // rows from the bottom, blue first
                (file[to], file[to + 1], file[to + 2]) = (colors[from + 2], colors[from + 1], colors[from]);
            }
        }

        return file;
    }

    /// <summary>An 8-bit PNG with unfiltered rows.</summary>
    internal static byte[] Png(int width, int height, PngColor color, byte[] samples)
    {
        var channels = color switch { PngColor.Gray => 1, PngColor.Rgb => 3, _ => 4 };
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        header[9] = (byte)color;

        using var rows = new MemoryStream();
        using (var deflate = new ZLibStream(rows, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                deflate.WriteByte(0);
                deflate.Write(samples, y * width * channels, width * channels);
            }
        }

        using var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(file, "IHDR", header);
        Chunk(file, "IDAT", rows.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>Red, green, blue, alpha of a pixel as stored.</summary>
    internal static (int R, int G, int B, int A) At(MLImage image, int x, int y)
    {
        var pixel = image.Pixels.Slice(((y * image.Width) + x) * 4, 4);
        return image.PixelFormat switch
        {
            MLPixelFormat.Bgra32 => (pixel[2], pixel[1], pixel[0], pixel[3]),
            MLPixelFormat.Rgba32 => (pixel[0], pixel[1], pixel[2], pixel[3]),
            _ => throw new AssertFailedException($"pixel format {image.PixelFormat}"),
        };
    }

    /// <summary>Opaque pixels from red, green, blue triples, in the given order.</summary>
    internal static MLImage Opaque(int width, int height, MLPixelFormat format, Func<int, int, (int R, int G, int B)> color)
    {
        var pixels = new byte[width * height * 4];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (r, g, b) = color(x, y);
                var at = ((y * width) + x) * 4;
                pixels[at] = (byte)(format == MLPixelFormat.Bgra32 ? b : r);
                pixels[at + 1] = (byte)g;
                pixels[at + 2] = (byte)(format == MLPixelFormat.Bgra32 ? r : b);
                pixels[at + 3] = 255;
            }
        }

        return MLImage.CreateFromPixels(width, height, format, pixels);
    }

    private static void Little(byte[] file, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);

    private static void Chunk(Stream file, string name, byte[] body)
    {
        var chunk = new byte[4 + body.Length];
        for (var i = 0; i < 4; i++)
            chunk[i] = (byte)name[i];
        body.CopyTo(chunk, 4);
        var number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        file.Write(number);
        file.Write(chunk);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(chunk));
        file.Write(number);
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }

        return ~crc;
    }
}
