using RobustAttribution.Localization;

namespace RobustAttribution.MLNet.Columns;

/// <summary>How an image is laid into another size: scaled, then moved. The one place of this arithmetic.</summary>
internal readonly struct ResizeGeometry
{
    private const double CenterCropScale = 8.0 / 7; // 256 for 224
    private readonly int sourceWidth;
    private readonly int sourceHeight;

    /// <param name="policy">How the sizes are fitted.</param>
    /// <param name="sourceWidth">Of the image, in pixels.</param>
    /// <param name="sourceHeight">Of the image, in pixels.</param>
    /// <param name="width">Of what it becomes.</param>
    /// <param name="height">Of what it becomes.</param>
    public ResizeGeometry(ResizePolicy policy, int sourceWidth, int sourceHeight, int width, int height)
    {
        (this.sourceWidth, this.sourceHeight) = (sourceWidth, sourceHeight);
        double x = (double)width / sourceWidth;
        double y = (double)height / sourceHeight;
        (ScaleX, ScaleY) = policy switch
        {
            ResizePolicy.Fill => (x, y),
            ResizePolicy.Crop => (Math.Max(x, y), Math.Max(x, y)),
            ResizePolicy.CenterCrop => (CenterCropScale * Math.Max(x, y), CenterCropScale * Math.Max(x, y)),
            _ => (Math.Min(x, y), Math.Min(x, y)),
        };
        OffsetX = (width - (sourceWidth * ScaleX)) / 2;
        OffsetY = (height - (sourceHeight * ScaleY)) / 2;
    }

    /// <summary>Pixels of the result for one of the image.</summary>
    public double ScaleX { get; }

    /// <inheritdoc cref="ScaleX"/>
    public double ScaleY { get; }

    /// <summary>Where the image's left edge comes to lie in the result: above 0 padding, below 0 cropping.</summary>
    public double OffsetX { get; }

    /// <summary>The same of the upper edge.</summary>
    public double OffsetY { get; }

    /// <summary>A box of what the image becomes in the pixels of the image, cut off at its edges.</summary>
    public BoundingBox ToSource(BoundingBox box) => new(
        Math.Clamp((box.Left - OffsetX) / ScaleX, 0, sourceWidth),
        Math.Clamp((box.Top - OffsetY) / ScaleY, 0, sourceHeight),
        Math.Clamp((box.Right - OffsetX) / ScaleX, 0, sourceWidth),
        Math.Clamp((box.Bottom - OffsetY) / ScaleY, 0, sourceHeight));
}
