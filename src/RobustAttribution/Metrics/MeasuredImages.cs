namespace RobustAttribution.Metrics;

/// <summary>The values of each image that was measured, by which two measurements of the same images are paired. Immutable.</summary>
/// <param name="ByContent">Whether the keys are those of the images' contents; else they are numbers of rows.</param>
internal sealed record MeasuredImages(bool ByContent)
{
    private IReadOnlyList<Image> images = [];

    /// <summary>The images of some rows.</summary>
    /// <param name="byContent">Whether rows have content keys.</param>
    /// <param name="rows">Rows, and the values of each: NaN where the row does not count.</param>
    public static MeasuredImages Of(bool byContent, IEnumerable<(RobustnessRow Row, double[] Values)> rows) => new(byContent)
    {
        images = [.. rows.Select(row => new Image(byContent ? row.Row.Key : (UInt128)row.Row.Image, row.Row.Image, row.Values))],
    };

    /// <summary>The images of both.</summary>
    public MeasuredImages Merge(MeasuredImages other) => this with { ByContent = ByContent && other.ByContent, images = [.. images, .. other.images] };

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

        Image[] first = Ordered(), second = other.Ordered();
        RequireSame(first, second, "these");
        RequireSame(second, first, "the others");
        return [.. first.Zip(second, (a, b) => (a.Values, b.Values))];
    }

    private static void RequireSame(Image[] images, Image[] others, string name)
    {
        Dictionary<UInt128, int> left = others.CountBy(image => image.Key).ToDictionary();
        Image[] missing = Array.FindAll(images, image =>
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
    private Image[] Ordered()
    {
        Image[] ordered = [.. images];
        Array.Sort(ordered, (a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : a.Values.AsSpan().SequenceCompareTo(b.Values));
        return ByContent || ordered.DistinctBy(image => image.Key).Count() == ordered.Length
            ? ordered
            : throw new ArgumentException(
                "Rows of merged metrics that were computed from columns have no numbers of their own; compare the parts, or evaluate the images.");
    }

    private readonly record struct Image(UInt128 Key, long Row, double[] Values);
}
