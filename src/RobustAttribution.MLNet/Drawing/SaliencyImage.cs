using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Drawing;

namespace RobustAttribution.MLNet;

/// <summary>Turns images and saliency maps into images that a person can look at.</summary>
public static class SaliencyImage
{
    /// <summary>The percentile, in %, at which the contact sheets of the examples and the gallery of a report clip their maps: 99.</summary>
    public const double DefaultClipPercentile = 99;

    private static readonly (byte, byte, byte) MaskGrey = (128, 128, 128);

    /// <summary>A map in colours, one pixel for each value.</summary>
    /// <param name="map">Height·Width values, row by row.</param>
    /// <param name="height">H, at least 1.</param>
    /// <param name="width">W, at least 1.</param>
    /// <param name="scale">
    /// The value that gets the last colour, as all above it do; 0 (and, with a diverging colour map, −scale) gets the first. Null takes the map's
    /// largest magnitude, so that nothing is clipped; <see cref="ClipValue"/> gives a scale that a few hot pixels do not decide.
    /// </param>
    /// <param name="colors">Null takes <see cref="ColorMap.CoolWarm"/> for maps with negative values and <see cref="ColorMap.Inferno"/> otherwise.</param>
    /// <exception cref="ArgumentException">The number of values is not H·W.</exception>
    public static MLImage HeatMap(ReadOnlySpan<float> map, int height, int width, double? scale = null, ColorMap? colors = null)
        => Render(width, height, MapPainter(map, height, width, scale, colors));

    /// <summary>A scale for maps with a few very large values: a percentile of their magnitudes. All larger values have the same colour.</summary>
    /// <param name="map">Values of any shape, signed or not; NaN and infinities do not count.</param>
    /// <param name="percentile">In %, above 0 and at most 100; 100 clips nothing. 99 by default.</param>
    /// <returns>
    /// Of the n finite magnitudes in ascending order, the one at place ⌊percentile·(n − 1)/100⌋, counted from 0 (NumPy's method "lower"): one of the
    /// map's own values, and below 100 % never a single hot pixel, however small the map. Where it is 0, because most of the map is, the largest
    /// magnitude. 0 for a map of zeros or without a finite value.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The percentile is not in its range.</exception>
    public static double ClipValue(ReadOnlySpan<float> map, double percentile = DefaultClipPercentile)
    {
        if (!(percentile is > 0 and <= 100))
        {
            string found = percentile.ToString(CultureInfo.InvariantCulture);
            throw new ArgumentOutOfRangeException(
                nameof(percentile), percentile, $"percentile is {found}; allowed is a number above 0 and at most 100.");
        }

        float[] magnitudes = new float[map.Length];
        int count = 0;
        foreach (float value in map)
        {
            if (float.IsFinite(value))
            {
                magnitudes[count++] = Math.Abs(value);
            }
        }

        if (count == 0)
        {
            return 0;
        }

        Array.Sort(magnitudes, 0, count);
        float clip = magnitudes[(int)(percentile * (count - 1) / 100)];
        return clip > 0 ? clip : magnitudes[count - 1];
    }

    /// <summary>An image as it went into the network.</summary>
    /// <param name="image">Channels·Height·Width values in [0, 1], channel by channel; one channel is drawn grey, three as RGB.</param>
    /// <param name="channels">C: 1 or 3.</param>
    /// <param name="height">H, at least 1.</param>
    /// <param name="width">W, at least 1.</param>
    /// <exception cref="ArgumentException">The number of values is not C·H·W, or C is neither 1 nor 3.</exception>
    public static MLImage FromPixels(ReadOnlySpan<float> image, int channels, int height, int width)
        => Render(width, height, ImagePainter(image, channels, height, width));

    /// <summary>An image in grey with the map laid over it: the stronger the value, the more of its colour.</summary>
    /// <param name="image">Channels·Height·Width values in [0, 1].</param>
    /// <param name="channels">C: 1 or 3.</param>
    /// <param name="map">Height·Width values.</param>
    /// <param name="height">H, at least 1.</param>
    /// <param name="width">W, at least 1.</param>
    /// <param name="opacity">The share of the colour where the map is strongest, 0 to 1.</param>
    /// <param name="scale">See <see cref="HeatMap"/>.</param>
    /// <param name="colors">See <see cref="HeatMap"/>.</param>
    public static MLImage Overlay(
        ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double opacity = 0.8, double? scale = null, ColorMap? colors = null)
        => Render(width, height, OverlayPainter(image, channels, map, height, width, opacity, scale, colors));

    /// <summary>An image of which only the most salient pixels are left; the others are middle grey.</summary>
    /// <param name="image">Channels·Height·Width values in [0, 1].</param>
    /// <param name="channels">C: 1 or 3.</param>
    /// <param name="map">Height·Width values; signed ones count by their magnitude.</param>
    /// <param name="height">H, at least 1.</param>
    /// <param name="width">W, at least 1.</param>
    /// <param name="share">The share of the pixels that is left, 0 to 1; of equal values the first in row-major order are.</param>
    public static MLImage Masked(ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double share = 0.2)
        => Render(width, height, MaskedPainter(image, channels, map, height, width, share));

    /// <summary>Images side by side, or in rows, on white: e.g. image, heat map and overlay. Each pixel becomes a block, nothing is smoothed.</summary>
    /// <param name="images">At least one, of any sizes, row by row; they stay the caller's.</param>
    /// <param name="columns">Images in a row, at least 1; null puts all into one.</param>
    /// <param name="zoom">Width and height of the block that a pixel becomes, at least 1.</param>
    /// <param name="gap">White between two images, pixels, at least 0.</param>
    /// <exception cref="ArgumentException">There is no image.</exception>
    public static MLImage Grid(IReadOnlyList<MLImage> images, int? columns = null, int zoom = 1, int gap = 4)
    {
        Require.InRange(zoom, 1, name: nameof(zoom));
        Require.InRange(gap, 0, name: nameof(gap));
        if (Require.NotNull(images, nameof(images)).Count == 0)
        {
            throw new ArgumentException("There is no image for the grid; at least one is needed.", nameof(images));
        }

        int across = Math.Min(columns is null ? images.Count : Require.InRange(columns.Value, 1, name: nameof(columns)), images.Count);
        int down = (images.Count + across - 1) / across;
        int width = images.Max(image => image.Width) * zoom;
        int height = images.Max(image => image.Height) * zoom;
        var canvas = new Canvas((across * (width + gap)) - gap, (down * (height + gap)) - gap, (255, 255, 255));
        foreach ((int index, MLImage image) in images.Index())
        {
            canvas.Draw((index % across) * (width + gap), (index / across) * (height + gap), image.Width * zoom, image.Height * zoom, image.Width, image.Height, (x, y) => ColorOf(image, x, y));
        }

        return canvas.ToImage();
    }

    internal static Func<int, int, (byte Red, byte Green, byte Blue)> OverlayPainter(
        ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double opacity, double? scale, ColorMap? colors)
    {
        Require.InRange(opacity, 0, 1, nameof(opacity));
        float[] values = map.ToArray();
        double top = scale ?? LargestMagnitude(map);
        Func<int, int, (byte Red, byte Green, byte Blue)> painter = ImagePainter(image, channels, height, width);
        Func<int, int, (byte Red, byte Green, byte Blue)> heat = MapPainter(map, height, width, top, colors);
        return (x, y) =>
        {
            (byte red, byte green, byte blue) = painter(x, y);
            double grey = (0.299 * red) + (0.587 * green) + (0.114 * blue);
            double share = top > 0 ? opacity * Math.Min(1, Math.Abs(values[(y * width) + x]) / top) : 0;
            (byte r, byte g, byte b) = heat(x, y);
            return (Mix(grey, r), Mix(grey, g), Mix(grey, b));

            byte Mix(double under, byte over) => (byte)Math.Round((under * (1 - share)) + (over * share));
        };
    }

    internal static Func<int, int, (byte Red, byte Green, byte Blue)> MaskedPainter(ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double share)
    {
        Require.InRange(share, 0, 1, nameof(share));
        CheckLength(map.Length, nameof(map), height, width);
        float[] values = map.ToArray();
        Func<int, int, (byte Red, byte Green, byte Blue)> painter = ImagePainter(image, channels, height, width);
        bool[] kept = new bool[values.Length];
        foreach (int index in Enumerable.Range(0, values.Length).OrderByDescending(i => Math.Abs(values[i])).Take((int)Math.Round(share * values.Length)))
        {
            kept[index] = true;
        }

        return (x, y) => kept[(y * width) + x] ? painter(x, y) : MaskGrey;
    }

    internal static Func<int, int, (byte Red, byte Green, byte Blue)> MapPainter(ReadOnlySpan<float> map, int height, int width, double? scale, ColorMap? colors)
    {
        CheckLength(map.Length, nameof(map), height, width);
        float[] values = map.ToArray();
        double top = scale ?? LargestMagnitude(map);
        ColorMap palette = colors ?? (values.Any(value => value < 0) ? ColorMap.CoolWarm : ColorMap.Inferno);
        return (x, y) =>
        {
            double share = top > 0 ? values[(y * width) + x] / top : 0;
            return palette.At(palette.IsDiverging ? (share + 1) / 2 : share);
        };
    }

    internal static Func<int, int, (byte Red, byte Green, byte Blue)> ImagePainter(ReadOnlySpan<float> image, int channels, int height, int width)
    {
        if (channels is not (1 or 3))
        {
            throw new ArgumentException($"channels is {channels}; allowed are 1 (grey) and 3 (RGB).", nameof(channels));
        }

        CheckLength(image.Length, nameof(image), channels, height, width);
        float[] values = image.ToArray();
        int plane = height * width;
        return (x, y) =>
        {
            int at = (y * width) + x;
            byte first = Byte(values[at]);
            return channels == 1 ? (first, first, first) : (first, Byte(values[at + plane]), Byte(values[at + (2 * plane)]));
        };

        static byte Byte(float value) => (byte)Math.Round(Math.Clamp(value, 0, 1) * 255);
    }

    internal static double LargestMagnitude(ReadOnlySpan<float> values)
    {
        double largest = 0;
        foreach (float value in values)
        {
            if (float.IsFinite(value))
            {
                largest = Math.Max(largest, Math.Abs(value));
            }
        }

        return largest;
    }

    private static (byte Red, byte Green, byte Blue) ColorOf(MLImage image, int x, int y)
    {
        ReadOnlySpan<byte> pixel = image.Pixels.Slice(((y * image.Width) + x) * 4, 4);
        return image.PixelFormat == MLPixelFormat.Bgra32 ? (pixel[2], pixel[1], pixel[0]) : (pixel[0], pixel[1], pixel[2]);
    }

    private static MLImage Render(int width, int height, Func<int, int, (byte Red, byte Green, byte Blue)> colorAt)
    {
        var canvas = new Canvas(width, height, (0, 0, 0));
        canvas.Draw(0, 0, width, height, width, height, colorAt);
        return canvas.ToImage();
    }

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
