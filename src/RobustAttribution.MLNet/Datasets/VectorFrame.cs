using RobustAttribution.Localization;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>How images of a dataset become vectors: brought to one size, of which the middle may be kept.</summary>
/// <param name="Height">Height after resizing.</param>
/// <param name="Width">Width after resizing.</param>
/// <param name="Policy">How images of another size get it.</param>
/// <param name="CenterCrop">Side of the square that is kept; null for all.</param>
internal readonly record struct VectorFrame(int Height, int Width, ResizePolicy Policy, int? CenterCrop)
{
    public int KeptHeight => CenterCrop ?? Height;

    public int KeptWidth => CenterCrop ?? Width;

    public bool KeepsAll => KeptHeight == Height && KeptWidth == Width;

    private int Top => (int)Math.Round((Height - KeptHeight) / 2.0);

    private int Left => (int)Math.Round((Width - KeptWidth) / 2.0);

    /// <exception cref="ArgumentOutOfRangeException">The square is larger than the resized images.</exception>
    public static VectorFrame Of(DatasetOptions options, (int Height, int Width) usual)
    {
        var frame = new VectorFrame(options.Height ?? usual.Height, options.Width ?? usual.Width, options.Resize, options.CenterCrop);
        return frame.KeptHeight <= frame.Height && frame.KeptWidth <= frame.Width
            ? frame
            : throw new ArgumentOutOfRangeException(
                nameof(options), frame.CenterCrop, $"{nameof(DatasetOptions.CenterCrop)} is {frame.CenterCrop}; allowed is at most the size of the images, {frame.Height}×{frame.Width} (height × width).");
    }

    /// <summary>Copies the part that is kept.</summary>
    /// <param name="whole">[channels, Height, Width].</param>
    /// <param name="kept">[channels, KeptHeight, KeptWidth].</param>
    /// <param name="channels">Planes.</param>
    public void CopyMiddle(ReadOnlySpan<float> whole, Span<float> kept, int channels)
    {
        for (int row = 0; row < channels * KeptHeight; row++)
        {
            (int channel, int y) = Math.DivRem(row, KeptHeight);
            whole.Slice((((channel * Height) + Top + y) * Width) + Left, KeptWidth).CopyTo(kept[(row * KeptWidth)..]);
        }
    }

    /// <summary>A box of the file's image in the pixels of the vector, cut off at its edges.</summary>
    public BoundingBox Move(BoundingBox box, int sourceWidth, int sourceHeight)
    {
        BoundingBox resized = new ResizeGeometry(Policy, sourceWidth, sourceHeight, Width, Height).ToResized(box);
        return new BoundingBox(
            Math.Clamp(resized.Left - Left, 0, KeptWidth),
            Math.Clamp(resized.Top - Top, 0, KeptHeight),
            Math.Clamp(resized.Right - Left, 0, KeptWidth),
            Math.Clamp(resized.Bottom - Top, 0, KeptHeight));
    }
}
