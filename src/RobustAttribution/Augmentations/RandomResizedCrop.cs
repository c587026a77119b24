using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>
/// Crops a part of random size and shape and resizes it to one size, with bilinear interpolation (Szegedy et al. 2015, section 6; as torchvision,
/// without its antialiasing).
/// Part of AGA's ImageNet-100 training.
/// </summary>
/// <remarks>
/// Ten times a share of the area is drawn uniformly, and the logarithm of width/height uniformly; the first part that fits is taken, at a random
/// place.
/// Where none fits it is the largest centred part of an allowed shape.
/// </remarks>
public sealed record RandomResizedCrop : RandomAugmentation
{
    private const int Attempts = 10;

    /// <summary>Height of the result in pixels; null keeps the images' height. Null by default; AGA uses 224.</summary>
    public int? Height { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.ImageSide); }

    /// <summary>Width of the result in pixels; null keeps the images' width. Null by default; AGA uses 224.</summary>
    public int? Width { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.ImageSide); }

    /// <summary>The smallest share of the image's area, above 0 and at most <see cref="MaximumArea"/>. 0.08 by default (torchvision).</summary>
    public double MinimumArea { get; init => field = Require.Positive(Require.InRange(value, 0, 1)); } = 0.08;

    /// <summary>The largest share of the image's area, above 0 and at most 1. 1 by default (torchvision).</summary>
    public double MaximumArea { get; init => field = Require.Positive(Require.InRange(value, 0, 1)); } = 1;

    /// <summary>The most elongated shape, longer side over shorter, at least 1. 4/3 by default (torchvision).</summary>
    public double MaximumAspect { get; init => field = Require.InRange(value, 1, 100); } = 4.0 / 3;

    internal override int DrawCount => (2 * Attempts) + 2;

    internal override Tensor Transform(Tensor images, Tensor draws)
    {
        (long height, long width) = (images.shape[2], images.shape[3]);
        (Tensor top, Tensor left, Tensor partHeight, Tensor partWidth) = Part(draws, height, width);
        return BilinearSampling.Part(images, top, left, partHeight, partWidth, Height ?? height, Width ?? width);
    }

    /// <summary>The part that is cut out, [N,1] each, in whole pixels.</summary>
    private (Tensor Top, Tensor Left, Tensor Height, Tensor Width) Part(Tensor draws, long height, long width)
    {
        if (MinimumArea > MaximumArea)
        {
            throw new ArgumentException($"{nameof(MinimumArea)} is {MinimumArea}; allowed is at most {nameof(MaximumArea)}, {MaximumArea}.");
        }

        Tensor area = ((draws.narrow(1, 0, Attempts) * (MaximumArea - MinimumArea)) + MinimumArea) * (height * width); // [N,10]
        Tensor aspect = (((draws.narrow(1, Attempts, Attempts) * 2) - 1) * Math.Log(MaximumAspect)).exp(); // width/height
        Tensor heights = (area / aspect).sqrt().round();
        Tensor widths = (area * aspect).sqrt().round();
        Tensor fits = heights.ge(1).logical_and(heights.le(height)).logical_and(widths.ge(1)).logical_and(widths.le(width));
        (double highest, double widest) = (Math.Min(height, Math.Round(width * MaximumAspect)), Math.Min(width, Math.Round(height * MaximumAspect)));
        (Tensor top, Tensor partHeight) = Choose(heights, fits, draws.narrow(1, 2 * Attempts, 1), height, highest);
        (Tensor left, Tensor partWidth) = Choose(widths, fits, draws.narrow(1, (2 * Attempts) + 1, 1), width, widest);
        return (top, left, partHeight, partWidth);
    }

    /// <summary>The first attempt that fits, at a random place; the centred fallback where none does.</summary>
    /// <returns>[N,1] each: first pixel and length.</returns>
    private static (Tensor Start, Tensor Length) Choose(Tensor lengths, Tensor fits, Tensor place, long available, double fallback)
    {
        Tensor any = fits.any(1, true);
        Tensor first = fits.to(ScalarType.Int64).argmax(1, true); // of equal values the first
        Tensor length = where(any, lengths.gather(1, first), full_like(place, fallback));
        Tensor room = available - length;
        Tensor start = where(any, minimum((place * (room + 1)).floor(), room), (room / 2).floor());
        return (start, length);
    }
}
