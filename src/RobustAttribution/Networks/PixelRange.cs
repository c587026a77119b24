using System.Globalization;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Checks that images are in pixel scale: within the bounds of their specification.</summary>
internal static class PixelRange
{
    private const double Tolerance = 1e-3; // of resized images, say
    private static readonly long[] AllDimensions = [0, 1, 2, 3];

    /// <summary>
    /// Whether all values are within the bounds, or within 1/1000 of their distance from them; null without values, and within a computation of the
    /// library's, whose own images (noisy ones, say) may leave the bounds.
    /// </summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="input">The bounds.</param>
    /// <returns>A truth value, on the images' device.</returns>
    public static Tensor? Contains(Tensor images, InputSpecification input)
    {
        if (Repetition.IsRunning || images.numel() == 0)
        {
            return null;
        }

        double tolerance = Tolerance * (input.UpperBound - input.LowerBound);
        Tensor values = images.detach();
        return values.amin(AllDimensions).ge(input.LowerBound - tolerance) // a NaN is neither
            .logical_and(values.amax(AllDimensions).le(input.UpperBound + tolerance));
    }

    /// <summary>The error where they are not, with the range found.</summary>
    public static ArgumentException Error(Tensor images, InputSpecification input)
    {
        Tensor values = images.detach();
        bool hasNaN = values.isnan().any().ToBoolean();
        Tensor known = values.nan_to_num(input.LowerBound, double.PositiveInfinity, double.NegativeInfinity);
        return new ArgumentException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"images goes from {known.min().ToDouble():G6} to {known.max().ToDouble():G6}{(hasNaN ? " and has NaN" : string.Empty)};")
            + string.Create(CultureInfo.InvariantCulture, $" allowed is pixel scale, {input.LowerBound:G6} to {input.UpperBound:G6}: ")
            + "divide bytes by 255, and leave the normalisation to the network.",
            nameof(images));
    }
}
