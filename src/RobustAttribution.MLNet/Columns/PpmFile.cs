using System.Buffers;
using Microsoft.ML.Data;
using Microsoft.Win32.SafeHandles;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Reads images in the portable pixmap format (netpbm's "P6": binary, three bytes a pixel).</summary>
internal static class PpmFile
{
    internal const int MaximumSide = 1 << 15;
    private const int MaximumBytes = (3 * ImageDecoder.MaximumPixels) + (1 << 20); // more than an image and its header have

    /// <exception cref="InvalidDataException">
    /// The file is not such an image, or cut off; the message names file, position, what was expected and what was found.
    /// </exception>
    public static MLImage Read(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        int length = (int)Math.Min(RandomAccess.GetLength(file), MaximumBytes);
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            int read = 0;
            for (int more = 1; more > 0 && read < length; read += more)
            {
                more = RandomAccess.Read(file, bytes.AsSpan(read, length - read), read);
            }

            return Read(bytes.AsSpan(0, read), path, ImageDecoder.MaximumPixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Reads an image in memory.</summary>
    /// <param name="bytes">What the file contains.</param>
    /// <param name="path">How errors name it.</param>
    /// <param name="maximumPixels">Pixels at most.</param>
    /// <exception cref="InvalidDataException">As above.</exception>
    public static MLImage Read(ReadOnlySpan<byte> bytes, string path, int maximumPixels)
    {
        if (bytes.Length < 2 || bytes[0] != 'P' || bytes[1] != '6')
        {
            string found = bytes.Length < 2 ? "the end of the file" : $"0x{bytes[0]:X2}{bytes[1]:X2}";
            throw DamagedFile.AtByte(path, 0, "the PPM magic number P6", found + FileKind.Remark(bytes));
        }

        int at = 2;
        int width = Number(bytes, ref at, path, "a width", MaximumSide);
        int height = Number(bytes, ref at, path, "a height", MaximumSide);
        int depth = Number(bytes, ref at, path, "a largest value", 65535);
        if (depth != 255)
        {
            throw DamagedFile.AtByte(path, at, "255 as the largest value", depth.ToString());
        }

        ImageDecoder.CheckSize(width, height, path, maximumPixels);
        long needed = 3L * width * height;
        at++; // the one white space that ends the header; Number has seen it
        if (bytes.Length - at != needed)
        {
            throw DamagedFile.AtByte(path, at, $"{needed} bytes for {width}×{height} pixels", $"{bytes.Length - at} to the end of the file");
        }

        byte[] pixels = ArrayPool<byte>.Shared.Rent(4 * width * height);
        try
        {
            for (int i = 0; i < 4 * width * height; i += 4, at += 3)
            {
                (pixels[i], pixels[i + 1], pixels[i + 2], pixels[i + 3]) = (bytes[at + 2], bytes[at + 1], bytes[at], byte.MaxValue);
            }

            return MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels.AsSpan(0, 4 * width * height));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pixels);
        }
    }

    /// <summary>A decimal number after white space and comments, which must be followed by white space.</summary>
    private static int Number(ReadOnlySpan<byte> bytes, ref int at, string path, string what, int maximum)
    {
        while (at < bytes.Length && (IsSpace(bytes[at]) || bytes[at] == '#'))
        {
            if (bytes[at] == '#')
            {
                while (at < bytes.Length && bytes[at] is not ((byte)'\n' or (byte)'\r'))
                {
                    at++;
                }
            }
            else
            {
                at++;
            }
        }

        int start = at;
        int number = 0;
        while (at < bytes.Length && bytes[at] is >= (byte)'0' and <= (byte)'9' && number <= maximum)
        {
            number = (10 * number) + (bytes[at++] - '0');
        }

        return at > start && number >= 1 && number <= maximum && at < bytes.Length && IsSpace(bytes[at])
            ? number
            : throw DamagedFile.AtByte(
                path,
                start,
                $"{what} from 1 to {maximum} and white space",
                at >= bytes.Length ? "the end of the file" : $"{number} and 0x{bytes[at]:X2}");
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or >= 9 and <= 13;
}
