namespace RobustAttribution.MLNet.Columns;

/// <summary>Where a network's images are and how they are scaled.</summary>
/// <param name="ColumnName">The column of images.</param>
/// <param name="PixelScale">The range of the pixels in a vector column.</param>
/// <param name="Resize">What happens to an MLImage of another size.</param>
internal sealed record ImageInput(string ColumnName, PixelScale PixelScale, ResizePolicy Resize);
