using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A tiny image in colour with its label.</summary>
internal sealed class ColorTestImage
{
    public const int Side = 16;

    [VectorType(3, Side, Side)]
    public float[] Image { get; set; } = [];

    public string Label { get; set; } = string.Empty;

    /// <summary>Images 3×16×16 in 0…255: noise in which one channel is brighter.</summary>
    public static List<ColorTestImage> Make(int count)
    {
        string[] names = ["red", "green", "blue"];
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(i => new ColorTestImage
        {
            Label = names[i % 3],
            Image = [.. Enumerable.Range(0, 3 * Side * Side).Select(place => random.Next(120) + (place / (Side * Side) == i % 3 ? 100f : 0))],
        })];
    }
}
