namespace RobustAttribution.Localization;

/// <summary>
/// Finds the object in an image by its saliency map alone: smooth, keep what reaches a share of the maximum, take the largest connected region, draw
/// the box around it
/// (Zhou et al. 2016, section 3.2; Singh et al. 2020, weakly supervised localisation).
/// </summary>
/// <remarks>
/// Where the papers are silent: at the border the 3×3 mean is over the cells that exist; a value that equals the threshold is kept; of equally large
/// regions the one that a scan
/// row by row meets first is taken; values that are not numbers count as 0, and a map without a positive value has no box.
/// </remarks>
public sealed record MapLocalizer
{
    /// <summary>
    /// Share of the smoothed map's maximum that a cell must reach, from 0 to 1. 0.2 by default, as Singh et al. 2020 for gradient maps (0.1 for
    /// class activation maps).
    /// </summary>
    public double Threshold { get; init => field = Require.InRange(value, 0, 1); } = 0.2;

    /// <summary>Whether the map is smoothed by a 3×3 mean first. True by default, as Singh et al. 2020.</summary>
    public bool Smooth { get; init; } = true;

    /// <summary>The box of one map.</summary>
    /// <param name="map">Height·width values, row by row, not negative.</param>
    /// <param name="height">H of the map, at least 1.</param>
    /// <param name="width">W of the map, at least 1.</param>
    /// <returns>The box in cells of the map; <see cref="BoundingBox.None"/> where the map has no positive value.</returns>
    /// <exception cref="ArgumentException">The number of values is not height·width.</exception>
    public BoundingBox Locate(ReadOnlySpan<float> map, int height, int width)
    {
        Require.InRange(height, 1, name: nameof(height));
        Require.InRange(width, 1, name: nameof(width));
        if (map.Length != (long)height * width)
        {
            throw new ArgumentException($"map has {map.Length} values; {height}×{width} = {(long)height * width} are needed.", nameof(map));
        }

        double[] values = new double[map.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = float.IsFinite(map[i]) ? map[i] : 0;
        }

        if (Smooth)
        {
            values = Mean3(values, height, width);
        }

        double maximum = values.Max();
        return maximum > 0 ? LargestRegion(Array.ConvertAll(values, value => value >= Threshold * maximum), height, width) : BoundingBox.None;
    }

    private static double[] Mean3(double[] values, int height, int width)
    {
        double[] means = new double[values.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (int top, int bottom) = (Math.Max(0, y - 1), Math.Min(height - 1, y + 1));
                (int left, int right) = (Math.Max(0, x - 1), Math.Min(width - 1, x + 1));
                double sum = 0;
                for (int v = top; v <= bottom; v++)
                {
                    for (int u = left; u <= right; u++)
                    {
                        sum += values[(v * width) + u];
                    }
                }

                means[(y * width) + x] = sum / ((bottom - top + 1) * (right - left + 1));
            }
        }

        return means;
    }

    /// <summary>The box around the largest set of cells connected by sides or corners. Cells are cleared as they are visited.</summary>
    private static BoundingBox LargestRegion(bool[] kept, int height, int width)
    {
        BoundingBox best = BoundingBox.None;
        int bestSize = 0;
        var open = new Stack<int>();
        for (int start = 0; start < kept.Length; start++)
        {
            if (!kept[start])
            {
                continue;
            }

            (int left, int top, int right, int bottom, int size) = (width, height, -1, -1, 0);
            kept[start] = false;
            open.Push(start);
            while (open.TryPop(out int cell))
            {
                (int y, int x) = Math.DivRem(cell, width);
                (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y));
                size++;
                for (int v = Math.Max(0, y - 1); v <= Math.Min(height - 1, y + 1); v++)
                {
                    for (int u = Math.Max(0, x - 1); u <= Math.Min(width - 1, x + 1); u++)
                    {
                        int neighbour = (v * width) + u;
                        if (kept[neighbour])
                        {
                            kept[neighbour] = false;
                            open.Push(neighbour);
                        }
                    }
                }
            }

            if (size > bestSize)
            {
                (best, bestSize) = (new BoundingBox(left, top, right + 1, bottom + 1), size);
            }
        }

        return best;
    }
}
