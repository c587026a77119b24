namespace Microsoft.ML.Data;

/// <summary>Per-pixel work on 32-bit pictures with premultiplied colours.</summary>
internal static class PixelOperations
{
    /// <summary>Where red, green and blue stand in a pixel; alpha is always the last byte.</summary>
    internal static (int Red, int Green, int Blue) Offsets(MLPixelFormat format) => format switch
    {
        MLPixelFormat.Bgra32 => (2, 1, 0),
        MLPixelFormat.Rgba32 => (0, 1, 2),
        _ => throw new InvalidOperationException("Image pixel format is not supported"),
    };

    /// <summary>A copy in BGRA order.</summary>
    internal static byte[] ToBgra(ReadOnlySpan<byte> pixels, MLPixelFormat format)
    {
        var (red, green, blue) = Offsets(format);
        var result = new byte[pixels.Length];
        for (var at = 0; at < pixels.Length; at += 4)
        {
            result[at] = pixels[at + blue];
            result[at + 1] = pixels[at + green];
            result[at + 2] = pixels[at + red];
            result[at + 3] = pixels[at + 3];
        }

        return result;
    }

    /// <summary>A copy in BGRA order with alpha divided out of the colours.</summary>
    internal static byte[] ToStraightBgra(ReadOnlySpan<byte> pixels, MLPixelFormat format)
    {
        var result = ToBgra(pixels, format);
        for (var at = 0; at < result.Length; at += 4)
        {
            var alpha = result[at + 3];
            if (alpha == 255)
                continue;
            for (var color = at; color < at + 3; color++)
                result[color] = Straight(result[color], alpha);
        }

        return result;
    }

    /// <summary>A copy whose colours are 0.30 red + 0.59 green + 0.11 blue; red, green and blue being equal, it is BGRA as well as RGBA.</summary>
    internal static byte[] ToGray(ReadOnlySpan<byte> pixels, MLPixelFormat format)
    {
        var (red, green, blue) = Offsets(format);
        var result = new byte[pixels.Length];
        for (var at = 0; at < pixels.Length; at += 4)
        {
            // The weights add up to 1, so the premultiplied gray is the gray of the premultiplied colours.
            var gray = (0.3f * pixels[at + red]) + (0.59f * pixels[at + green]) + (0.11f * pixels[at + blue]);
            result.AsSpan(at, 3).Fill((byte)(gray + 0.5f));
            result[at + 3] = pixels[at + 3];
        }

        return result;
    }

    private static byte Straight(byte color, byte alpha) =>
        alpha == 0 ? (byte)0 : (byte)Math.Min(255, ((color * 255) + (alpha / 2)) / alpha);
}
