using RobustAttribution.Localization;

namespace RobustAttribution.Tests.References;

/// <summary>Localisation by its definition: grow labels until nothing changes, count cells one by one.</summary>
internal static class LocalizationReferences
{
    public static BoundingBox Locate(float[,] map, double threshold, bool smooth)
    {
        (int height, int width) = (map.GetLength(0), map.GetLength(1));
        double[,] values = new double[height, width];
        double maximum = 0;
        foreach ((int y, int x) in Cells(height, width))
        {
            double[] around = [.. Cells(height, width).Where(cell => smooth ? Touch(cell, (y, x)) : cell == (y, x))
                .Select(cell => (double)map[cell.Y, cell.X])];
            values[y, x] = around.Sum() / around.Length;
            maximum = Math.Max(maximum, values[y, x]);
        }

        if (maximum <= 0)
        {
            return BoundingBox.None;
        }

        (int Y, int X)[] kept = [.. Cells(height, width).Where(cell => values[cell.Y, cell.X] >= threshold * maximum)];
        Dictionary<(int Y, int X), int> label = kept.Select((cell, i) => (cell, i)).ToDictionary(pair => pair.cell, pair => pair.i);
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach ((int, int) a in kept)
            {
                foreach ((int, int) b in kept.Where(b => Touch(a, b) && label[b] < label[a]))
                {
                    label[a] = label[b];
                    changed = true;
                }
            }
        }

        (int Y, int X)[] largest = [.. kept.GroupBy(cell => label[cell]).OrderByDescending(group => group.Count()).ThenBy(group => group.Key)
            .First()];
        return new BoundingBox(largest.Min(cell => cell.X), largest.Min(cell => cell.Y), largest.Max(cell => cell.X) + 1,
            largest.Max(cell => cell.Y) + 1);
    }

    /// <summary>Intersection over union of boxes with whole edges, counted in cells.</summary>
    public static double IntersectionOverUnion(BoundingBox a, BoundingBox b)
    {
        (int Y, int X)[] all = [.. Cells(64, 64)];
        double both = all.Count(cell => Inside(a, cell) && Inside(b, cell));
        double either = all.Count(cell => Inside(a, cell) || Inside(b, cell));
        return either == 0 ? 0 : both / either;
    }

    private static bool Inside(BoundingBox box, (int Y, int X) cell)
        => cell.X >= box.Left && cell.X < box.Right && cell.Y >= box.Top && cell.Y < box.Bottom;

    private static bool Touch((int Y, int X) a, (int Y, int X) b) => Math.Abs(a.Y - b.Y) <= 1 && Math.Abs(a.X - b.X) <= 1;

    private static IEnumerable<(int Y, int X)> Cells(int height, int width)
        => from y in Enumerable.Range(0, height) from x in Enumerable.Range(0, width) select (y, x);
}
