using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A shape in some colour on a background of another, with the shape's name as its label.</summary>
internal sealed class ColoredShape
{
    public const int Side = 32;

    public static readonly string[] Names = ["disc", "square", "bars", "cross"];

    [VectorType(3, Side, Side)]
    public float[] Image { get; set; } = [];

    public string Label { get; set; } = string.Empty;

    /// <summary>Images 3×32×32 in 0…255: one of four shapes of random size, place and colour, as many of each, on noise of another colour.</summary>
    public static List<ColoredShape> Make(int count, int seed = 1) => Make(count, seed, Draw);

    /// <summary>The same shapes in one colour, in more noise: nothing but the shape tells the classes.</summary>
    public static List<ColoredShape> MakeOfOneColor(int count, int seed = 1)
        => Make(count, seed, (kind, random) => Draw(kind, random, [90, 90, 90], [200, 60, 60], noise: 40));

    private static List<ColoredShape> Make(int count, int seed, Func<int, Random, ColoredShape> draw)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => draw(i % Names.Length, random))];
    }

    private static ColoredShape Draw(int kind, Random random) => Draw(kind, random, null, null, noise: 15);

    private static ColoredShape Draw(int kind, Random random, int[]? back, int[]? front, int noise)
    {
        double radius = random.Next(6, 12), x = random.Next(12, Side - 12), y = random.Next(12, Side - 12);
        back ??= [random.Next(60, 120), random.Next(60, 120), random.Next(60, 120)];
        front ??= [random.Next(160, 240), random.Next(0, 240), random.Next(160, 240)];
        float[] image = new float[3 * Side * Side];
        for (int i = 0; i < image.Length; i++)
        {
            (int channel, int place) = Math.DivRem(i, Side * Side);
            double dx = (place % Side) - x, dy = (place / Side) - y;
            image[i] = (IsInside(kind, dx, dy, radius) ? front : back)[channel] + random.Next(-noise, noise + 1);
        }

        return new ColoredShape { Image = [.. image.Select(value => Math.Clamp(value, 0, 255))], Label = Names[kind] };
    }

    private static bool IsInside(int kind, double dx, double dy, double radius)
    {
        bool inSquare = Math.Abs(dx) <= radius && Math.Abs(dy) <= radius;
        return kind switch
        {
            0 => (dx * dx) + (dy * dy) <= radius * radius,
            1 => inSquare,
            2 => inSquare && (int)(dy + radius) % 6 < 3,
            _ => inSquare && (Math.Abs(dx) <= 2 || Math.Abs(dy) <= 2),
        };
    }
}
