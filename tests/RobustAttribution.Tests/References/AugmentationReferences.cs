namespace RobustAttribution.Tests.References;

/// <summary>The augmentations of one image [C,H,W] with the numbers drawn for it, pixel by pixel.</summary>
internal static class AugmentationReferences
{
    public static double[,,] Flip(double[,,] x, double[] draws, double probability)
        => Each(x, (c, i, j) => draws[0] < probability ? x[c, i, x.GetLength(2) - 1 - j] : x[c, i, j]);

    public static double[,,] Crop(double[,,] x, double[] draws, int padding)
    {
        int top = (int)(draws[0] * ((2 * padding) + 1)), left = (int)(draws[1] * ((2 * padding) + 1));
        return Each(x, (c, i, j) => At(x, c, i + top - padding, j + left - padding));
    }

    public static double[,,] Jitter(double[,,] x, double[] draws, double brightness, double contrast, double saturation)
    {
        double[] factors = [.. new[] { brightness, contrast, saturation }.Select((s, i) => 1 - s + (2 * s * draws[i]))];
        double[,,] bright = Each(x, (c, i, j) => Clamp(x[c, i, j] * factors[0]));
        double mean = 0;
        for (int i = 0; i < x.GetLength(1); i++)
        {
            for (int j = 0; j < x.GetLength(2); j++)
            {
                mean += Grey(bright, i, j) / (x.GetLength(1) * x.GetLength(2));
            }
        }

        double[,,] contrasted = Each(x, (c, i, j) => Clamp((factors[1] * bright[c, i, j]) + ((1 - factors[1]) * mean)));
        return Each(x, (c, i, j) => Clamp((factors[2] * contrasted[c, i, j]) + ((1 - factors[2]) * Grey(contrasted, i, j))));
    }

    public static double[,,] Rotate(double[,,] x, double[] draws, double degrees)
    {
        double angle = ((2 * draws[0]) - 1) * degrees * Math.PI / 180, middleRow = (x.GetLength(1) - 1) / 2.0,
            middleColumn = (x.GetLength(2) - 1) / 2.0;
        return Each(x, (c, i, j) =>
        {
            // The pixel at (right, up) of the result comes from where it was before the turn.
            (double right, double up) = (j - middleColumn, middleRow - i);
            (double sourceRight, double sourceUp) = ((right * Math.Cos(-angle)) - (up * Math.Sin(-angle)),
                (right * Math.Sin(-angle)) + (up * Math.Cos(-angle)));
            return Between(x, c, middleRow - sourceUp, middleColumn + sourceRight);
        });
    }

    public static double[,,] ResizedCrop(double[,,] x, double[] draws, int outputHeight, int outputWidth, double minimumArea, double maximumArea,
        double maximumAspect)
    {
        (int height, int width) = (x.GetLength(1), x.GetLength(2));
        (int h, int w) = (Math.Min(height, (int)Math.Round(width * maximumAspect)), Math.Min(width, (int)Math.Round(height * maximumAspect)));
        (int top, int left) = ((height - h) / 2, (width - w) / 2);
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double area = (minimumArea + (draws[attempt] * (maximumArea - minimumArea))) * height * width;
            double aspect = Math.Pow(maximumAspect, (2 * draws[10 + attempt]) - 1);
            (int triedHeight, int triedWidth) = ((int)Math.Round(Math.Sqrt(area / aspect)), (int)Math.Round(Math.Sqrt(area * aspect)));
            if (triedHeight >= 1 && triedHeight <= height && triedWidth >= 1 && triedWidth <= width)
            {
                (h, w) = (triedHeight, triedWidth);
                (top, left) = ((int)(draws[20] * (height - h + 1)), (int)(draws[21] * (width - w + 1)));
                break;
            }
        }

        double[,,] part = new double[x.GetLength(0), h, w];
        Fill(part, (c, i, j) => x[c, top + i, left + j]);
        return Resized(part, outputHeight, outputWidth);
    }

    private static double[,,] Resized(double[,,] x, int height, int width)
    {
        (int h, int w) = (x.GetLength(1), x.GetLength(2));
        double[,,] result = new double[x.GetLength(0), height, width];
        Fill(result, (c, i, j) => Between(x, c, Math.Clamp(((i + 0.5) * h / height) - 0.5, 0, h - 1),
            Math.Clamp(((j + 0.5) * w / width) - 0.5, 0, w - 1)));
        return result;
    }

    private static double Between(double[,,] x, int c, double row, double column)
    {
        (int i, int j) = ((int)Math.Floor(row), (int)Math.Floor(column));
        (double down, double right) = (row - i, column - j);
        return ((1 - down) * (((1 - right) * At(x, c, i, j)) + (right * At(x, c, i, j + 1))))
            + (down * (((1 - right) * At(x, c, i + 1, j)) + (right * At(x, c, i + 1, j + 1))));
    }

    private static double At(double[,,] x, int c, int i, int j) => i >= 0 && i < x.GetLength(1) && j >= 0 && j < x.GetLength(2) ? x[c, i, j] : 0;

    private static double Grey(double[,,] x, int i, int j)
        => x.GetLength(0) == 3
            ? (0.299 * x[0, i, j]) + (0.587 * x[1, i, j]) + (0.114 * x[2, i, j])
            : Enumerable.Range(0, x.GetLength(0)).Average(c => x[c, i, j]);

    private static double Clamp(double value) => Math.Clamp(value, 0, 1);

    private static double[,,] Each(double[,,] x, Func<int, int, int, double> value)
    {
        double[,,] result = new double[x.GetLength(0), x.GetLength(1), x.GetLength(2)];
        Fill(result, value);
        return result;
    }

    private static void Fill(double[,,] result, Func<int, int, int, double> value)
    {
        for (int c = 0; c < result.GetLength(0); c++)
        {
            for (int i = 0; i < result.GetLength(1); i++)
            {
                for (int j = 0; j < result.GetLength(2); j++)
                {
                    result[c, i, j] = value(c, i, j);
                }
            }
        }
    }
}
