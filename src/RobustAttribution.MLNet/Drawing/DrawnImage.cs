using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using SkiaSharp;

namespace RobustAttribution.MLNet.Drawing;

/// <summary>An image or a map in colours, row by row from the top: what becomes an MLImage, a PNG, or a part of a page.</summary>
internal sealed class DrawnImage(int width, int height)
{
    private static readonly SKColor MaskGrey = new(128, 128, 128);
    private static readonly SKColor CertifiedGreen = new(0x4b, 0xe3, 0x7a); // apart from grey and black for every kind of colour vision
    private readonly SKColor[] pixels = new SKColor[checked(width * height)]; // in memory as Bgra8888, which is how ML.NET decodes images

    public int Width => width;

    public int Height => height;

    /// <summary>C·H·W values in [0, 1]: grey or RGB.</summary>
    public static DrawnImage OfImage(ReadOnlySpan<float> image, int channels, int height, int width)
    {
        if (channels is not (1 or 3))
        {
            throw new ArgumentException($"channels is {channels}; allowed are 1 (grey) and 3 (RGB).", nameof(channels));
        }

        CheckLength(image.Length, nameof(image), channels, height, width);
        var drawn = new DrawnImage(width, height);
        int plane = channels == 1 ? 0 : height * width;
        for (int i = 0; i < drawn.pixels.Length; i++)
        {
            drawn.pixels[i] = new SKColor(Byte(image[i]), Byte(image[i + plane]), Byte(image[i + (2 * plane)]));
        }

        return drawn;

        static byte Byte(float value) => (byte)MathF.Round(Math.Clamp(value, 0, 1) * 255);
    }

    /// <summary>C·H·W differences of two images, magnified, around middle grey.</summary>
    public static DrawnImage OfDifference(ReadOnlySpan<float> difference, int channels, int height, int width, double magnification)
    {
        float[] shown = new float[difference.Length];
        for (int i = 0; i < shown.Length; i++)
        {
            shown[i] = 0.5f + (float)(magnification * difference[i]);
        }

        return OfImage(shown, channels, height, width);
    }

    /// <summary>The pixels of an MLImage, without its alpha.</summary>
    public static DrawnImage OfImage(MLImage image)
    {
        var drawn = new DrawnImage(image.Width, image.Height);
        ReadOnlySpan<byte> bytes = image.Pixels;
        (int red, int blue) = image.PixelFormat == MLPixelFormat.Bgra32 ? (2, 0) : (0, 2);
        for (int i = 0; i < drawn.pixels.Length; i++)
        {
            drawn.pixels[i] = new SKColor(bytes[(4 * i) + red], bytes[(4 * i) + 1], bytes[(4 * i) + blue]);
        }

        return drawn;
    }

    /// <summary>H·W values in colours; a NaN has the colour of 0.</summary>
    public static DrawnImage OfMap(ReadOnlySpan<float> map, int height, int width, double? scale, ColorMap? colors)
    {
        CheckLength(map.Length, nameof(map), height, width);
        var drawn = new DrawnImage(width, height);
        drawn.DrawMap(map, 0, 0, width, opacity: null, scale ?? SaliencyImage.LargestMagnitude(map), colors ?? ColorsOf(map));
        return drawn;
    }

    /// <summary>The image in grey under the map, of whose colour each pixel has a share that grows with the value.</summary>
    public static DrawnImage Overlay(
        ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double opacity, double? scale, ColorMap? colors)
    {
        Require.InRange(opacity, 0, 1, nameof(opacity));
        CheckLength(map.Length, nameof(map), height, width);
        DrawnImage drawn = OfImage(image, channels, height, width);
        drawn.DrawMap(map, 0, 0, width, opacity, scale ?? SaliencyImage.LargestMagnitude(map), colors ?? ColorsOf(map));
        return drawn;
    }

    /// <summary>The colours for a map that the caller chose none for.</summary>
    public static ColorMap ColorsOf(ReadOnlySpan<float> map) => IsSigned(map) ? ColorMap.BlueWhiteRed : ColorMap.Inferno;

    /// <summary>Draws a map over a rectangle of the image; the other pixels stay.</summary>
    /// <param name="map">Its values, row by row; a NaN counts as 0.</param>
    /// <param name="left">The rectangle's first column.</param>
    /// <param name="top">Its first row.</param>
    /// <param name="mapWidth">Its columns.</param>
    /// <param name="opacity">The share of the colour where the map is strongest, over the image in grey; null draws the map alone.</param>
    /// <param name="scale">The value of the last colour.</param>
    /// <param name="colors">The colours.</param>
    public void DrawMap(ReadOnlySpan<float> map, int left, int top, int mapWidth, double? opacity, double scale, ColorMap colors)
    {
        for (int i = 0; i < map.Length; i++)
        {
            double part = scale > 0 && !float.IsNaN(map[i]) ? map[i] / scale : 0;
            SKColor over = colors.ColorAt(colors.IsDiverging ? (part + 1) / 2 : part);
            ref SKColor pixel = ref pixels[((top + (i / mapWidth)) * width) + left + (i % mapWidth)];
            if (opacity is { } most)
            {
                double grey = (0.299 * pixel.Red) + (0.587 * pixel.Green) + (0.114 * pixel.Blue);
                double share = most * Math.Min(1, Math.Abs(part));
                over = new SKColor(Mix(over.Red), Mix(over.Green), Mix(over.Blue));

                byte Mix(byte color) => (byte)Math.Round((grey * (1 - share)) + (color * share));
            }

            pixel = over;
        }
    }

    /// <summary>The image where the map's magnitude is among the largest, and middle grey elsewhere.</summary>
    public static DrawnImage Masked(ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double share)
    {
        Require.InRange(share, 0, 1, nameof(share));
        CheckLength(map.Length, nameof(map), height, width);
        DrawnImage drawn = OfImage(image, channels, height, width);
        float[] ascending = new float[map.Length];
        for (int i = 0; i < map.Length; i++)
        {
            ascending[i] = Math.Abs(map[i]);
        }

        Array.Sort(ascending);
        int kept = (int)Math.Round(share * map.Length), ties = 0;
        float smallest = kept > 0 ? ascending[^kept] : float.PositiveInfinity;
        for (int i = map.Length - kept; i < map.Length && ascending[i] == smallest; i++)
        {
            ties++;
        }

        for (int i = 0; i < map.Length; i++)
        {
            float magnitude = Math.Abs(map[i]);
            if (!(magnitude > smallest || (magnitude == smallest && ties-- > 0)))
            {
                drawn.pixels[i] = MaskGrey;
            }
        }

        return drawn;
    }

    /// <summary>
    /// H·W certificates: 1, important, green; −1, unimportant, black; others, neither, grey. The black and grey of Anani et al. 2025, who have a
    /// colour for important pixels of each share.
    /// </summary>
    public static DrawnImage OfCertificate(ReadOnlySpan<float> labels, int height, int width)
    {
        CheckLength(labels.Length, nameof(labels), height, width);
        var drawn = new DrawnImage(width, height);
        for (int i = 0; i < labels.Length; i++)
        {
            drawn.pixels[i] = labels[i] switch { 1 => CertifiedGreen, -1 => SKColors.Black, _ => MaskGrey };
        }

        return drawn;
    }

    /// <summary>All colours of a map from the first to the last, in one row.</summary>
    public static DrawnImage OfColors(ColorMap colors, int width)
    {
        var drawn = new DrawnImage(width, 1);
        for (int x = 0; x < width; x++)
        {
            drawn.pixels[x] = colors.ColorAt(x / (width - 1.0));
        }

        return drawn;
    }

    /// <summary>Whether a value is negative.</summary>
    public static bool IsSigned(ReadOnlySpan<float> map) => map.ContainsAnyInRange(float.NegativeInfinity, -float.Epsilon);

    public MLImage ToImage() => MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, MemoryMarshal.AsBytes<SKColor>(pixels));

    /// <summary>The bytes of a PNG file; for maps no filter and a low level give smaller files than Skia's defaults, in less time.</summary>
    public byte[] ToPng()
    {
        using SKImage image = ToSkia();
        using SKPixmap pixmap = image.PeekPixels();
        using SKData data = pixmap.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.NoFilters, 2));
        return data.ToArray();
    }

    public SKImage ToSkia()
        => SKImage.FromPixelCopy(new SKImageInfo(width, height, SKColorType.Bgra8888, SKAlphaType.Opaque), MemoryMarshal.AsBytes<SKColor>(pixels));

    private static void CheckLength(int found, string name, params ReadOnlySpan<int> dimensions)
    {
        int expected = 1;
        foreach (int dimension in dimensions)
        {
            expected = checked(expected * Require.InRange(dimension, 1, name: "dimension"));
        }

        if (found != expected)
        {
            throw new ArgumentException($"{name} has {found} values; {string.Join('×', dimensions.ToArray())} = {expected} are needed.", name);
        }
    }
}
