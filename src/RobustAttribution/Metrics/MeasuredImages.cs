namespace RobustAttribution.Metrics;

/// <summary>The images of a measurement, by which it is paired with another one of the same images. Immutable.</summary>
/// <param name="ByContent">Whether the keys are those of the images' contents; else they are numbers of rows.</param>
/// <param name="Images">The images, in any order.</param>
internal sealed record MeasuredImages(bool ByContent, IReadOnlyList<MeasuredImage> Images)
{
    /// <summary>The images of both.</summary>
    public MeasuredImages Merge(MeasuredImages other) => new(ByContent && other.ByContent, [.. Images, .. other.Images]);

    /// <summary>The values of the images, paired with those of the same images in another measurement.</summary>
    /// <exception cref="ArgumentException">The images are not the same; the message says which are not.</exception>
    public IReadOnlyList<(double[] First, double[] Second)> Pair(MeasuredImages other)
    {
        if (ByContent != other.ByContent)
        {
            throw new ArgumentException(
                "Compared are metrics over the same images; one of these was computed from columns, which know rows by their number, and the other"
                + " from images, by their content. Compute both in the same way.");
        }

        MeasuredImage[] first = Ordered(), second = other.Ordered();
        RequireSame(first, second, "these");
        RequireSame(second, first, "the others");
        return [.. first.Zip(second, (a, b) => (a.Values, b.Values))];
    }

    private static void RequireSame(MeasuredImage[] images, MeasuredImage[] others, string name)
    {
        Dictionary<UInt128, int> left = others.CountBy(image => image.Key).ToDictionary();
        MeasuredImage[] missing = Array.FindAll(images, image =>
        {
            int count = left.GetValueOrDefault(image.Key);
            left[image.Key] = count - 1;
            return count <= 0;
        });
        if (missing.Length > 0)
        {
            throw new ArgumentException(
                $"Compared are metrics over the same images; {missing.Length} of the {images.Length} images of {name} are not among the"
                + $" {others.Length} of the other metrics, the first is that of row {missing.Min(image => image.Row)}.");
        }
    }

    /// <summary>By key; equal images by their values.</summary>
    private MeasuredImage[] Ordered()
    {
        MeasuredImage[] ordered = [.. Images];
        Array.Sort(ordered, (a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : a.Values.AsSpan().SequenceCompareTo(b.Values));
        return ByContent || ordered.DistinctBy(image => image.Key).Count() == ordered.Length
            ? ordered
            : throw new ArgumentException(
                "Rows of merged metrics that were computed from columns have no numbers of their own; compare the parts, or evaluate the images.");
    }
}

/// <summary>An image that was measured.</summary>
/// <param name="Key">A hash of the image, or the number of its row.</param>
/// <param name="Row">The number of its row.</param>
/// <param name="Values">What was measured; NaN where the image does not count.</param>
internal readonly record struct MeasuredImage(UInt128 Key, long Row, double[] Values);
