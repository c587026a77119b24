using System.Globalization;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Drawing;
using SkiaSharp;

namespace RobustAttribution.MLNet;

/// <summary>Turns images and saliency maps into images that a person can look at.</summary>
public static class SaliencyImage
{
    /// <summary>The percentile, in %, at which the contact sheets of the examples and the gallery of a report clip their maps: 99.</summary>
    public const double DefaultClipPercentile = 99;

    internal const double DefaultOpacity = 0.8;

    /// <summary>A map in colours, one pixel for each value.</summary>
    /// <param name="map">Height·Width values, row by row.</param>
    /// <param name="height">H, at least 1.</param>
    /// <param name="width">W, at least 1.</param>
    /// <param name="scale">
    /// The value that gets the last colour, as all above it do; 0 (and, with a diverging colour map, −scale) gets the first. Null takes the map's
    /// largest magnitude, so that nothing is clipped; <see cref="ClipValue"/> gives a scale that a few hot pixels do not decide.
    /// </param>
    /// <param name="colors">
    /// Null takes <see cref="ColorMap.BlueWhiteRed"/> for maps with negative values and <see cref="ColorMap.Inferno"/> otherwise.
    /// </param>
    /// <exception cref="ArgumentException">The number of values is not H·W.</exception>
    public static MLImage HeatMap(ReadOnlySpan<float> map, int height, int width, double? scale = null, ColorMap? colors = null)
        => DrawnImage.OfMap(map, height, width, scale, colors).ToImage();

    /// <summary>A scale for maps with a few very large values: a percentile of their magnitudes.</summary>
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
        => DrawnImage.OfImage(image, channels, height, width).ToImage();

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
        ReadOnlySpan<float> image,
        int channels,
        ReadOnlySpan<float> map,
        int height,
        int width,
        double opacity = DefaultOpacity,
        double? scale = null,
        ColorMap? colors = null)
        => DrawnImage.Overlay(image, channels, map, height, width, opacity, scale, colors).ToImage();

    /// <summary>An image of which only the most salient pixels are left; the others are middle grey.</summary>
    /// <param name="image">Channels·Height·Width values in [0, 1].</param>
    /// <param name="channels">C: 1 or 3.</param>
    /// <param name="map">Height·Width values; signed ones count by their magnitude.</param>
    /// <param name="height">H, at least 1.</param>
    /// <param name="width">W, at least 1.</param>
    /// <param name="share">The share of the pixels that is left, 0 to 1; of equal values the first in row-major order are.</param>
    public static MLImage Masked(ReadOnlySpan<float> image, int channels, ReadOnlySpan<float> map, int height, int width, double share = 0.2)
        => DrawnImage.Masked(image, channels, map, height, width, share).ToImage();

    /// <summary>Images side by side, or in rows, on white: e.g. image, heat map and overlay. Each pixel becomes a block.</summary>
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
        return Page.Draw((across * (width + gap)) - gap, (down * (height + gap)) - gap, canvas =>
        {
            foreach ((int index, MLImage image) in images.Index())
            {
                using SKImage drawn = Page.ToSkia(image);
                (int row, int column) = Math.DivRem(index, across);
                canvas.DrawBlocks(drawn, column * (width + gap), row * (height + gap), image.Width * zoom, image.Height * zoom);
            }
        });
    }

    /// <summary>The bytes of a PNG file, e.g. for the answer of a web service: <see cref="MLImage.Save"/> writes to files alone.</summary>
    /// <param name="image">It stays the caller's.</param>
    public static byte[] ToPng(MLImage image)
    {
        using SKImage drawn = Page.ToSkia(Require.NotNull(image, nameof(image)));
        using SKData data = drawn.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
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
}
