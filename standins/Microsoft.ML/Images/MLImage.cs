using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.Data;

/// <summary>
/// A picture of 32 bits per pixel, colours premultiplied by alpha. Disposing gives the pixels up; every member but
/// <see cref="Dispose"/> then throws <see cref="InvalidOperationException"/>.
/// </summary>
public sealed class MLImage : IDisposable
{
    private readonly int _width;
    private readonly int _height;
    private readonly MLPixelFormat _format;
    private byte[] _pixels;
    private string _tag;

    private MLImage(byte[] pixels, int width, int height, MLPixelFormat format)
    {
        _pixels = pixels;
        _width = width;
        _height = height;
        _format = format;
    }

    /// <summary>Decodes a picture from the rest of a stream.</summary>
    /// <exception cref="ArgumentNullException">The stream is null.</exception>
    /// <exception cref="ArgumentException">What the stream holds is not a picture.</exception>
    public static MLImage CreateFromStream(Stream imageStream)
    {
        ArgumentNullException.ThrowIfNull(imageStream);
        using var copy = new MemoryStream();
        imageStream.CopyTo(copy);
        return Decode(copy.GetBuffer().AsSpan(0, (int)copy.Length), "Invalid input stream contents", nameof(imageStream));
    }

    /// <summary>Decodes a picture from a file.</summary>
    /// <exception cref="ArgumentNullException">The path is null.</exception>
    /// <exception cref="ArgumentException">There is no such file, it cannot be read, or it is not a picture.</exception>
    public static MLImage CreateFromFile(string imagePath)
    {
        ArgumentNullException.ThrowIfNull(imagePath);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(imagePath);
        }
        catch (Exception reason) when (reason is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ArgumentException($"Invalid path '{imagePath}': {reason.Message}", nameof(imagePath), reason);
        }

        return Decode(bytes, $"Invalid path '{imagePath}'", nameof(imagePath));
    }

    /// <summary>Makes a picture of a copy of the given pixels, row by row from the top, 4 bytes each.</summary>
    /// <exception cref="ArgumentException">An unknown format, a size that is not positive, or a buffer of another size.</exception>
    public static MLImage CreateFromPixels(int width, int height, MLPixelFormat pixelFormat, ReadOnlySpan<byte> imagePixelData)
    {
        if (pixelFormat is not (MLPixelFormat.Bgra32 or MLPixelFormat.Rgba32))
            throw new ArgumentException($"Unsupported pixel format {pixelFormat}; allowed are Bgra32 and Rgba32.", nameof(pixelFormat));
        if (width <= 0)
            throw new ArgumentException($"Invalid width value {width}; it must be positive.", nameof(width));
        if (height <= 0)
            throw new ArgumentException($"Invalid height value {height}; it must be positive.", nameof(height));
        if (imagePixelData.Length != (long)width * height * 4)
        {
            throw new ArgumentException(
                $"Invalid imagePixelData buffer size: {imagePixelData.Length} bytes for {width} x {height} pixels of 4 bytes.");
        }

        return new MLImage(imagePixelData.ToArray(), width, height, pixelFormat);
    }

    /// <summary>The order of a pixel's bytes.</summary>
    public MLPixelFormat PixelFormat
    {
        get
        {
            _ = Live();
            return _format;
        }
    }

    /// <summary>A new array of blue, green, red per pixel, with alpha divided out.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "The original's member is a property.")]
    public byte[] GetBGRPixels
    {
        get
        {
            var straight = PixelOperations.ToStraightBgra(Live(), _format);
            var result = new byte[_width * _height * 3];
            for (int from = 0, to = 0; from < straight.Length; from += 4, to += 3)
                straight.AsSpan(from, 3).CopyTo(result.AsSpan(to));
            return result;
        }
    }

    /// <summary>The pixels themselves, in the order that <see cref="PixelFormat"/> says.</summary>
    public ReadOnlySpan<byte> Pixels => Live();

    /// <summary>A free text that goes along with the picture; the loader writes the file's path here.</summary>
    public string Tag
    {
        get
        {
            _ = Live();
            return _tag;
        }

        set
        {
            _ = Live();
            _tag = value;
        }
    }

    /// <summary>Width in pixels.</summary>
    public int Width
    {
        get
        {
            _ = Live();
            return _width;
        }
    }

    /// <summary>Height in pixels.</summary>
    public int Height
    {
        get
        {
            _ = Live();
            return _height;
        }
    }

    /// <summary>Always 32.</summary>
    public int BitsPerPixel
    {
        get
        {
            _ = Live();
            return 32;
        }
    }

    /// <summary>Writes the picture to a file, in the format that the extension names: .png, .jpg, .jpeg or .webp.</summary>
    /// <exception cref="ArgumentException">Any other extension.</exception>
    public void Save(string imagePath)
    {
        var pixels = Live();
        var extension = Path.GetExtension(imagePath);
        if (!ImageFileFormats.TryGet(extension, out var format))
            throw new ArgumentException($"Path has invalid image file extension '{extension}'.", nameof(imagePath));
        if (format is null)
        {
            throw new ArgumentException(
                $"Saving image with the format '{extension}' is not supported; use .png, .jpg, .jpeg or .webp.", nameof(imagePath));
        }

        // A JPEG has no alpha; what it keeps are the colours as they are stored.
        var bgra = format == ImageCodec.Format.Jpeg ? PixelOperations.ToBgra(pixels, _format) : PixelOperations.ToStraightBgra(pixels, _format);
        File.WriteAllBytes(imagePath, ImageCodec.Encode(bgra, _width, _height, format.Value, quality: 100));
    }

    /// <summary>Gives the pixels up; a second call does nothing.</summary>
    public void Dispose() => _pixels = null;

    /// <summary>The picture in another size; fitted ones are BGRA, whatever this one is.</summary>
    internal MLImage CloneWithResizing(int width, int height, ImageResizeMode mode)
    {
        var pixels = Live();
        if (mode == ImageResizeMode.Fill)
            return new MLImage(ImageCodec.Resize(pixels, _width, _height, width, height, ImageCodec.Filter.Nearest), width, height, _format);
        var fitted = ImageFitting.Fit(PixelOperations.ToBgra(pixels, _format), _width, _height, width, height, mode);
        return new MLImage(fitted, width, height, MLPixelFormat.Bgra32);
    }

    /// <summary>The picture in shades of gray, as BGRA.</summary>
    internal MLImage CloneWithGrayscale() => new(PixelOperations.ToGray(Live(), _format), _width, _height, MLPixelFormat.Bgra32);

    private static MLImage Decode(ReadOnlySpan<byte> bytes, string complaint, string parameter)
    {
        var pixels = ImageCodec.TryDecode(bytes, out var width, out var height, out var reason)
            ?? throw new ArgumentException($"{complaint}: {reason}", parameter);
        return new MLImage(pixels, width, height, MLPixelFormat.Bgra32);
    }

    private byte[] Live() => _pixels ?? throw new InvalidOperationException("Object is disposed.");
}
