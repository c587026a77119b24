namespace Microsoft.ML.Data;

/// <summary>Fits a picture into a box of another shape without distorting it.</summary>
internal static class ImageFitting
{
    /// <summary>The picture scaled by one factor and placed in a box; what it does not cover is 0 in all four channels.</summary>
    internal static byte[] Fit(ReadOnlySpan<byte> pixels, int width, int height, int boxWidth, int boxHeight, ImageResizeMode mode)
    {
        var (left, top, newWidth, newHeight) = Place(width, height, boxWidth, boxHeight, mode);
        var box = new byte[checked(boxWidth * boxHeight * 4)];
        if (newWidth == 0 || newHeight == 0)
            return box;
        if ((long)newWidth * newHeight > int.MaxValue / 4)
        {
            throw new InvalidOperationException(
                $"Couldn't resize the image: to cover {boxWidth} x {boxHeight} pixels, {width} x {height} would become {newWidth} x {newHeight}.");
        }

        var scaled = ImageCodec.Resize(pixels, width, height, newWidth, newHeight, ImageCodec.Filter.Smooth);
        var firstColumn = Math.Max(0, left);
        var columns = Math.Min(boxWidth, left + newWidth) - firstColumn;
        for (var y = Math.Max(0, top); y < Math.Min(boxHeight, top + newHeight); y++)
        {
            var from = (((y - top) * newWidth) + firstColumn - left) * 4;
            scaled.AsSpan(from, columns * 4).CopyTo(box.AsSpan(((y * boxWidth) + firstColumn) * 4));
        }

        return box;
    }

    /// <summary>Where the scaled picture lies in the box (sizes and positions are cut to whole pixels towards 0).</summary>
    internal static (int Left, int Top, int Width, int Height) Place(int width, int height, int boxWidth, int boxHeight, ImageResizeMode mode)
    {
        var horizontal = (float)boxWidth / width;
        var vertical = (float)boxHeight / height;
        var freeAxisIsHorizontal = mode == ImageResizeMode.Pad ? vertical < horizontal : vertical >= horizontal;
        var scale = freeAxisIsHorizontal ? vertical : horizontal;

        // On the other axis the picture fits exactly; on this one room is left (pad) or something sticks out (crop).
        var room = freeAxisIsHorizontal ? boxWidth - (width * scale) : boxHeight - (height * scale);
        var share = (mode, freeAxisIsHorizontal) switch
        {
            (ImageResizeMode.CropAnchorLeft, true) or (ImageResizeMode.CropAnchorTop, false) => 0f,
            (ImageResizeMode.CropAnchorRight, true) or (ImageResizeMode.CropAnchorBottom, false) => 1f,
            _ => 0.5f,
        };
        var start = (int)(room * share);
        return (freeAxisIsHorizontal ? start : 0, freeAxisIsHorizontal ? 0 : start, (int)(width * scale), (int)(height * scale));
    }
}
