using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Where the points of an image go when <see cref="PixelResampler"/> brings it to another size.</summary>
internal readonly struct ResizeGeometry
{
    private readonly int sourceWidth;
    private readonly int sourceHeight;
    private readonly int width;
    private readonly int height;
    private readonly double scaleX;
    private readonly double scaleY;
    private readonly double offsetX;
    private readonly double offsetY;

    /// <param name="policy">How the sizes are fitted.</param>
    /// <param name="sourceWidth">Of the image, in pixels.</param>
    /// <param name="sourceHeight">Of the image, in pixels.</param>
    /// <param name="width">Of what it becomes.</param>
    /// <param name="height">Of what it becomes.</param>
    public ResizeGeometry(ResizePolicy policy, int sourceWidth, int sourceHeight, int width, int height)
    {
        (this.sourceWidth, this.sourceHeight, this.width, this.height) = (sourceWidth, sourceHeight, width, height);
        double x = (double)width / sourceWidth;
        double y = (double)height / sourceHeight;
        double both = policy == ResizePolicy.Crop ? Math.Max(x, y) : Math.Min(x, y);
        (scaleX, scaleY) = policy == ResizePolicy.Fill ? (x, y) : (both, both);
        offsetX = (width - (sourceWidth * scaleX)) / 2;
        offsetY = (height - (sourceHeight * scaleY)) / 2;
    }

    /// <summary>A box of the image in the pixels of what it becomes, cut off at its edges.</summary>
    public BoundingBox ToResized(BoundingBox box) => new(
        Math.Clamp((box.Left * scaleX) + offsetX, 0, width),
        Math.Clamp((box.Top * scaleY) + offsetY, 0, height),
        Math.Clamp((box.Right * scaleX) + offsetX, 0, width),
        Math.Clamp((box.Bottom * scaleY) + offsetY, 0, height));

    /// <summary>A box of what it becomes in the pixels of the image, cut off at its edges.</summary>
    public BoundingBox ToSource(BoundingBox box) => new(
        Math.Clamp((box.Left - offsetX) / scaleX, 0, sourceWidth),
        Math.Clamp((box.Top - offsetY) / scaleY, 0, sourceHeight),
        Math.Clamp((box.Right - offsetX) / scaleX, 0, sourceWidth),
        Math.Clamp((box.Bottom - offsetY) / scaleY, 0, sourceHeight));
}
