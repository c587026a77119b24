namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// A map brought back to the pixels of the image that the network's input was made of. It covers the pixels whose centre the network saw; each is a
/// mean of the map by the same triangle filter that made the input.
/// </summary>
/// <param name="Left">The first column covered.</param>
/// <param name="Top">The first row covered.</param>
/// <param name="Width">Columns covered.</param>
/// <param name="Height">Rows covered.</param>
/// <param name="Values">Height·Width values, row by row.</param>
internal readonly record struct SourceMap(int Left, int Top, int Width, int Height, ReadOnlyMemory<float> Values)
{
    /// <summary>Brings a map back.</summary>
    /// <param name="map">Height·Width values.</param>
    /// <param name="height">Of the network's input.</param>
    /// <param name="width">Of the network's input.</param>
    /// <param name="policy">How the image became it.</param>
    /// <param name="sourceHeight">Of the image, in pixels.</param>
    /// <param name="sourceWidth">Of the image, in pixels.</param>
    public static SourceMap Of(ReadOnlySpan<float> map, int height, int width, ResizePolicy policy, int sourceHeight, int sourceWidth)
    {
        var geometry = new ResizeGeometry(policy, sourceWidth, sourceHeight, width, height);
        (float[] columns, int left, int covered) = Back(Transposed(map, width), height, sourceWidth, geometry.ScaleX, geometry.OffsetX);
        float[] rows = Transposed(columns.AsSpan(left * height, covered * height), height); // [height, covered]
        (float[] values, int top, int lines) = Back(rows, covered, sourceHeight, geometry.ScaleY, geometry.OffsetY);
        return new(left, top, covered, lines, values.AsMemory(top * covered, lines * covered));
    }

    /// <summary>Filters lines to as many as the image has: the inverse of the scaling and moving that <see cref="ResizeGeometry"/> says.</summary>
    /// <returns>[target, width], of which <c>Count</c> lines from <c>Start</c> on are covered.</returns>
    private static (float[] Lines, int Start, int Count) Back(float[] lines, int width, int target, double scale, double offset)
    {
        var filter = new TriangleFilter(target);
        float[] result = new float[target * width];
        if (width > 0)
        {
            filter.Prepare(lines.Length / width, 1 / scale, -offset / scale);
            filter.ApplyDown(lines, result, width);
        }

        return (result, filter.Covered.Start, filter.Covered.Count);
    }

    private static float[] Transposed(ReadOnlySpan<float> lines, int width)
    {
        int height = lines.Length / width;
        float[] result = new float[lines.Length];
        for (int i = 0; i < height; i++)
        {
            for (int j = 0; j < width; j++)
            {
                result[(j * height) + i] = lines[(i * width) + j];
            }
        }

        return result;
    }
}
