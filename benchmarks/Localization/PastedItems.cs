using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet;

namespace RobustAttribution.Benchmarks;

/// <summary>
/// Makes the synthetic localisation set. An item of 28×28 is enlarged or reduced to a random size and pasted at a random place onto a canvas of noise and stripes;
/// the box is the smallest one around its opaque pixels. Every number comes from the seed, so a set can be made again anywhere.
/// </summary>
internal static class PastedItems
{
    private const int ItemSide = 28;
    private const int SmallestSize = 24;
    private const int LargestSize = 44;
    private const int Side = PastedItem.Side;

    /// <summary>Classes that can be told apart by their outlines, which a small network learns in a few epochs: T-shirt/top, trouser, bag, ankle boot.</summary>
    private static readonly uint[] Classes = [0, 1, 8, 9];

    /// <summary>
    /// The first <paramref name="count"/> items of these classes in a part of the Fashion-MNIST of a folder, after <paramref name="skip"/> of them,
    /// each pasted once.
    /// </summary>
    public static IReadOnlyList<PastedItem> Make(MLContext context, string folder, DatasetSplit split, int skip, int count, long seed)
    {
        IDataView view = context.Data.LoadFashionMnist(folder, split, new DatasetOptions { LabelsAsKey = true });
        return
        [
            .. view.GetColumn<float[]>("Image")
                .Zip(view.GetColumn<uint>("Label"), (item, key) => (Item: item, Class: Array.IndexOf(Classes, key - 1)))
                .Where(row => row.Class >= 0)
                .Skip(skip)
                .Take(count)
                .Select((row, i) => Paste(Array.ConvertAll(row.Item, value => (double)value), (uint)row.Class, Derive(seed, (int)split, skip + i))),
        ];
    }

    /// <summary>A seed for each item of each part of the data.</summary>
    private static long Derive(long seed, int part, long index)
    {
        long first = (long)new Draws(seed).Next(), second = (long)new Draws(first, part).Next();
        return (long)new Draws(second, index).Next();
    }

    private static PastedItem Paste(double[] item, uint label, long seed)
    {
        var random = new Draws(seed);
        float[] canvas = Texture(ref random);
        int size = (int)random.Between(SmallestSize, LargestSize + 1);
        int left = (int)random.Between(0, Side - size + 1), top = (int)random.Between(0, Side - size + 1);
        double brightness = random.Between(0.7, 1);
        (int x0, int y0, int x1, int y1) = (Side, Side, 0, 0);
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
            {
                double value = Sample(item, ((y + 0.5) * ItemSide / size) - 0.5, ((x + 0.5) * ItemSide / size) - 0.5);
                double opacity = Math.Min(1, value / 64);
                int at = ((top + y) * Side) + left + x;
                canvas[at] = (float)Math.Round((canvas[at] * (1 - opacity)) + (value * brightness * opacity));
                if (opacity >= 0.5)
                {
                    (x0, y0, x1, y1) = (Math.Min(x0, left + x), Math.Min(y0, top + y), Math.Max(x1, left + x + 1), Math.Max(y1, top + y + 1));
                }
            }
        }

        return new PastedItem { Image = canvas, Label = label, Box = [x0, y0, x1, y1] };
    }

    /// <summary>Value noise in three sizes, and stripes of random direction and width, in 0…255.</summary>
    private static float[] Texture(ref Draws random)
    {
        double[] sum = new double[Side * Side];
        double level = random.Between(30, 90);
        foreach (int cell in new[] { 3, 7, 14 })
        {
            int knots = (Side / cell) + 2;
            double[] grid = new double[knots * knots];
            for (int i = 0; i < grid.Length; i++)
            {
                grid[i] = random.Between(-28, 28);
            }

            for (int at = 0; at < sum.Length; at++)
            {
                sum[at] += Bilinear(grid, knots, (double)(at / Side) / cell, (double)(at % Side) / cell);
            }
        }

        double angle = random.Between(0, Math.PI), wavelength = random.Between(5, 16), phase = random.Between(0, 2 * Math.PI), strength = random.Between(5, 30);
        (double across, double down) = (Math.Cos(angle) * 2 * Math.PI / wavelength, Math.Sin(angle) * 2 * Math.PI / wavelength);
        return [.. sum.Select((value, at) => (float)Math.Clamp(level + value + (strength * Math.Sin((across * (at % Side)) + (down * (at / Side)) + phase)), 0, 255))];
    }

    private static double Sample(double[] item, double row, double column)
        => Bilinear(item, ItemSide, Math.Clamp(row, 0, ItemSide - 1), Math.Clamp(column, 0, ItemSide - 1));

    private static double Bilinear(double[] grid, int side, double row, double column)
    {
        (int y, int x) = (Math.Min((int)row, side - 2), Math.Min((int)column, side - 2));
        (double v, double u) = (row - y, column - x);
        return ((1 - v) * (((1 - u) * grid[(y * side) + x]) + (u * grid[(y * side) + x + 1]))) + (v * (((1 - u) * grid[((y + 1) * side) + x]) + (u * grid[((y + 1) * side) + x + 1])));
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014), whose values never change, from a number of values after a seed.</summary>
    private struct Draws(long seed, long skipped = 0)
    {
        private const ulong Increment = 0x9E3779B97F4A7C15;

        private ulong state = unchecked((ulong)seed + ((ulong)skipped * Increment));

        /// <summary>The next 64 random bits.</summary>
        public ulong Next()
        {
            unchecked
            {
                ulong value = state += Increment;
                value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
                value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
                return value ^ (value >> 31);
            }
        }

        /// <summary>Uniform in [low, high).</summary>
        public double Between(double low, double high) => low + ((high - low) * ((Next() >> 11) * (1.0 / (1UL << 53))));
    }
}
