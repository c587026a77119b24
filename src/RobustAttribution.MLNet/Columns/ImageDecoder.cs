using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;
using SkiaSharp;

namespace RobustAttribution.MLNet;

/// <summary>Decodes image files by one set of rules, those of every loader on <c>mlContext.Data</c>.</summary>
/// <remarks>
/// JPEG, PNG, GIF, WebP and BMP are decoded by SkiaSharp, PPM (binary, 8 bits) here. The EXIF orientation is applied. Transparent pixels are laid
/// on black. CMYK, grey, palettes and 16-bit samples become 8-bit red, green and blue; colour profiles are not applied. Of an animation the first
/// frame counts. A file that ends too soon is an error; other formats, and images that declare more than
/// <see cref="MaximumPixels"/>, are refused before they are decoded. ML.NET's <c>LoadImages</c> and <c>MLImage.CreateFromFile</c> decode on their
/// own: they do not apply the orientation, and take what there is of a file that ends too soon.
/// </remarks>
public static class ImageDecoder
{
    /// <summary>Pixels that an image has at most: 100 million.</summary>
    public const int MaximumPixels = 100_000_000;

    // SkiaSharp knows more, among them WBMP, which is any file that begins with two zeros.
    private static readonly SKEncodedImageFormat[] Formats =
        [SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Png, SKEncodedImageFormat.Gif, SKEncodedImageFormat.Webp, SKEncodedImageFormat.Bmp];

    /// <summary>Decodes a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>An opaque image of blue, green, red, alpha bytes, which the caller disposes of.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// It is no image, ends too soon, is damaged, or has more pixels than allowed; the message names the file and the reason.
    /// </exception>
    public static MLImage Decode(string path) => Decode(path, path, upright: true);

    /// <summary>Decodes an image in memory, e.g. an upload, by the rules for files; PPM is known by its first bytes.</summary>
    /// <param name="content">What the file contains.</param>
    /// <param name="name">How errors name it.</param>
    /// <param name="maximumPixels">Pixels at most, 1 to <see cref="MaximumPixels"/>; more are refused before they are decoded.</param>
    /// <returns>An opaque image of blue, green, red, alpha bytes, which the caller disposes of.</returns>
    /// <exception cref="InvalidDataException">As for a file; the message contains <paramref name="name"/>.</exception>
    public static MLImage Decode(byte[] content, string name, int maximumPixels = MaximumPixels)
    {
        Require.NotNull(content, nameof(content));
        Require.NotNull(name, nameof(name));
        Require.InRange(maximumPixels, 1, MaximumPixels, nameof(maximumPixels));
        if (content.AsSpan().StartsWith("P6"u8))
        {
            return PpmFile.Read(content, name, maximumPixels);
        }

        using SKData data = SKData.CreateCopy(content);
        using SKCodec? codec = SKCodec.Create(data);
        return Decode(
            codec,
            () =>
            {
                using var stream = new MemoryStream(content);
                return PngChunks.ReadOrigin(stream);
            },
            () => FileKind.Of(content),
            name,
            upright: true,
            maximumPixels);
    }

    /// <summary>Decodes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="named">How errors name it.</param>
    /// <param name="upright">Whether the EXIF orientation is applied; otherwise the pixels are as stored.</param>
    internal static MLImage Decode(string path, string named, bool upright)
    {
        RequireFile(path, named);

        if (Path.GetExtension(path).Equals(".ppm", StringComparison.OrdinalIgnoreCase))
        {
            return PpmFile.Read(path);
        }

        using SKCodec? codec = SKCodec.Create(path);
        return Decode(
            codec,
            () =>
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0); // chunks lie far apart
                return PngChunks.ReadOrigin(file);
            },
            () => FileKind.OfFile(path),
            named,
            upright,
            MaximumPixels);
    }

    private static MLImage Decode(
        SKCodec? codec, Func<SKEncodedOrigin?> pngOrigin, Func<FileKind?> kind, string named, bool upright, int maximumPixels)
    {
        if (codec is null)
        {
            throw new InvalidDataException($"{named}: expected an image, found {Describe(kind())}.");
        }

        if (!Formats.Contains(codec.EncodedFormat))
        {
            throw new InvalidDataException(
                $"{named}: expected an image of the formats {string.Join(", ", Formats)} or Ppm, found the format {codec.EncodedFormat}.");
        }

        var info = new SKImageInfo(
            codec.Info.Width, codec.Info.Height, SKColorType.Bgra8888, SKAlphaType.Premul); // multiplied by alpha: laid on black
        CheckSize(info.Width, info.Height, named, maximumPixels);
        using var bitmap = new SKBitmap(info);
        SKCodecResult result = codec.GetPixels(info, bitmap.GetPixels());
        SKEncodedOrigin? stored = codec.EncodedFormat == SKEncodedImageFormat.Png && result == SKCodecResult.Success
            ? pngOrigin() // Skia has the orientation of JPEG and WebP only, and is content with rows without an end
            : codec.EncodedOrigin;
        bool isCut = result == SKCodecResult.IncompleteInput || stored is null;
        if (isCut || result != SKCodecResult.Success)
        {
            string found = isCut ? "the end of the file after a part of it" : $"damage ({result})";
            throw new InvalidDataException($"{named}: expected an image of {info.Width}×{info.Height} pixels (width × height), found {found}.");
        }

        SKEncodedOrigin origin = upright ? stored!.Value : SKEncodedOrigin.TopLeft;
        if (origin == SKEncodedOrigin.TopLeft && codec.Info.AlphaType == SKAlphaType.Opaque)
        {
            return MLImage.CreateFromPixels(info.Width, info.Height, MLPixelFormat.Bgra32, bitmap.GetPixelSpan());
        }

        bool turned = origin >= SKEncodedOrigin.LeftTop;
        (int width, int height) = turned ? (info.Height, info.Width) : (info.Width, info.Height);
        uint[] pixels = ArrayPool<uint>.Shared.Rent(width * height);
        try
        {
            Span<uint> target = pixels.AsSpan(0, width * height);
            CopyUpright(MemoryMarshal.Cast<byte, uint>(bitmap.GetPixelSpan()), info.Width, info.Height, origin, target);
            return MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, MemoryMarshal.AsBytes(target));
        }
        finally
        {
            ArrayPool<uint>.Shared.Return(pixels);
        }
    }

    /// <summary>Where a link leads that ends nowhere or in a circle; null for every other file.</summary>
    internal static string? BrokenLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false } target ? target.FullName : null;
        }
        catch (IOException) when (new FileInfo(path).LinkTarget is not null)
        {
            return new FileInfo(path).LinkTarget; // the system follows only so many links
        }
    }

    /// <exception cref="FileNotFoundException">There is no such file, or it is a link to none.</exception>
    internal static void RequireFile(string path, string named)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{named}: the image '{path}' is missing.", path);
        }

        if (BrokenLink(path) is { } target)
        {
            throw new FileNotFoundException($"{named}: the image '{path}' is a link to '{target}', where no file is.", path);
        }
    }

    /// <summary>Why a file is not decoded; null where it is.</summary>
    internal static string? Problem(string path)
    {
        try
        {
            Decode(path).Dispose();
            return null;
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    /// <exception cref="InvalidDataException">The image has more pixels than allowed.</exception>
    internal static void CheckSize(int width, int height, string named, int maximumPixels = MaximumPixels)
    {
        if ((long)width * height > maximumPixels)
        {
            throw new InvalidDataException(
                $"{named}: the image has {width}×{height} pixels (width × height); allowed are {maximumPixels:N0} in all.");
        }
    }

    /// <summary>
    /// Copies pixels to where the orientation wants them, opaque. Its name says at which sides the first stored row and column belong.
    /// </summary>
    private static void CopyUpright(ReadOnlySpan<uint> stored, int width, int height, SKEncodedOrigin origin, Span<uint> target)
    {
        bool turned = origin >= SKEncodedOrigin.LeftTop;
        string sides = origin.ToString(); // e.g. RightTop
        bool rowsBackwards = sides.StartsWith("Bottom", StringComparison.Ordinal) || sides.StartsWith("Right", StringComparison.Ordinal);
        bool columnsBackwards = sides.EndsWith("Bottom", StringComparison.Ordinal) || sides.EndsWith("Right", StringComparison.Ordinal);
        for (int i = 0; i < height; i++)
        {
            int row = rowsBackwards ? height - 1 - i : i;
            for (int j = 0; j < width; j++)
            {
                int column = columnsBackwards ? width - 1 - j : j;
                target[turned ? (j * height) + i : (i * width) + j] = stored[(row * width) + column] | 0xFF000000;
            }
        }
    }

    /// <summary>What a file that is no image seems to be.</summary>
    private static string Describe(FileKind? kind) => kind?.Name switch
    {
        null => "something that cannot be decoded",
        string name when Formats.Any(format => name.EndsWith($" {format} image", StringComparison.OrdinalIgnoreCase))
            => $"something that begins as {name} and cannot be decoded",
        string name => name.Replace("puts the file", "puts the image", StringComparison.Ordinal),
    };
}
