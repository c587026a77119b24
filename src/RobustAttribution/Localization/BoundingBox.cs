namespace RobustAttribution.Localization;

/// <summary>
/// An upright rectangle in an image, in pixels from its upper left corner. The edges lie between pixels: pixel x covers [x, x + 1).
/// </summary>
/// <param name="Left">The left edge.</param>
/// <param name="Top">The upper edge.</param>
/// <param name="Right">The right edge; the first pixel column that is outside.</param>
/// <param name="Bottom">The lower edge; the first pixel row that is outside.</param>
public readonly record struct BoundingBox(double Left, double Top, double Right, double Bottom)
{
    /// <summary>No box: every edge is NaN. Its area is 0 and it overlaps nothing.</summary>
    public static BoundingBox None { get; } = new(double.NaN, double.NaN, double.NaN, double.NaN);

    /// <summary>Right − Left, at least 0, in pixels.</summary>
    public double Width => Right > Left ? Right - Left : 0;

    /// <summary>Bottom − Top, at least 0, in pixels.</summary>
    public double Height => Bottom > Top ? Bottom - Top : 0;

    /// <summary>Width · Height, in square pixels; 0 for <see cref="None"/>.</summary>
    public double Area => Width * Height;

    /// <summary>Intersection over union (Jaccard index), |a ∩ b| / |a ∪ b|. From 0 to 1, 1 for equal boxes; 0 where either has no area.</summary>
    /// <param name="other">The box compared with, in the same image.</param>
    public double IntersectionOverUnion(BoundingBox other)
    {
        double width = Math.Min(Right, other.Right) - Math.Max(Left, other.Left);
        double height = Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
        if (!(width > 0 && height > 0))
        {
            return 0;
        }

        double shared = width * height;
        return shared / (Area + other.Area - shared);
    }
}
