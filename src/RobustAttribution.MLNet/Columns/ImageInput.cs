namespace RobustAttribution.MLNet.Columns;

/// <summary>Where a network's images are and how they are scaled.</summary>
/// <param name="ColumnName">The column of images.</param>
/// <param name="PixelScale">The range of the pixels in a vector column.</param>
/// <param name="Resize">How MLImages are brought to the network's size.</param>
internal sealed record ImageInput(string ColumnName, PixelScale PixelScale, ResizePolicy Resize);
