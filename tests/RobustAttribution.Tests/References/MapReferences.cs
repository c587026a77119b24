using RobustAttribution.Attributions;

namespace RobustAttribution.Tests.References;

/// <summary>Reducing attributions to maps, and enlarging and blurring single planes, by definition.</summary>
internal static class MapReferences
{
    /// <summary>Bilinear, pixel centres at half integers, nothing beyond the outermost centres.</summary>
    public static double[] Enlarge(double[] map, int height, int width, int newHeight, int newWidth)
    {
        var enlarged = new double[newHeight * newWidth];
        for (int y = 0; y < newHeight; y++)
        for (int x = 0; x < newWidth; x++)
        {
            double row = Math.Clamp(((y + 0.5) * height / newHeight) - 0.5, 0, height - 1),
                column = Math.Clamp(((x + 0.5) * width / newWidth) - 0.5, 0, width - 1);
            int top = (int)row, left = (int)column, bottom = Math.Min(top + 1, height - 1), right = Math.Min(left + 1, width - 1);
            double down = row - top, across = column - left;
            enlarged[(y * newWidth) + x] =
                ((1 - down) * (((1 - across) * map[(top * width) + left]) + (across * map[(top * width) + right])))
                + (down * (((1 - across) * map[(bottom * width) + left]) + (across * map[(bottom * width) + right])));
        }

        return enlarged;
    }

    /// <summary>Gaussian weights up to 3σ, borders continued by their outermost pixel.</summary>
    public static double[] Blur(double[] plane, int height, int width, double sigma)
    {
        int radius = (int)Math.Ceiling(3 * sigma);
        var blurred = new double[plane.Length];
        for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
        {
            double sum = 0, weights = 0;
            for (int i = -radius; i <= radius; i++)
            for (int j = -radius; j <= radius; j++)
            {
                double weight = Math.Exp(-((i * i) + (j * j)) / (2 * sigma * sigma));
                weights += weight;
                sum += weight * plane[(Math.Clamp(y + i, 0, height - 1) * width) + Math.Clamp(x + j, 0, width - 1)];
            }

            blurred[(y * width) + x] = sum / weights;
        }

        return blurred;
    }

    /// <summary>The map of one image's attribution [C,H·W].</summary>
    public static double[] Reduce(double[] attribution, int channels, MapSign sign, MapScale scale)
    {
        var map = new double[attribution.Length / channels];
        for (int i = 0; i < attribution.Length; i++)
        {
            double value = attribution[i];
            map[i % map.Length] += sign == MapSign.Signed ? value : value >= 0 ? value : sign == MapSign.Absolute ? -value : 0;
        }

        double divisor = scale == MapScale.None
            ? 1
            : Math.Abs(scale == MapScale.Sum ? map.Sum() : map.Max(value => scale == MapScale.Max ? value : Math.Abs(value)));
        return [.. map.Select(value => divisor == 0 ? value : value / divisor)];
    }
}
