using Microsoft.ML.Data;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>A tiny image with its label.</summary>
internal sealed class TestImage
{
    public const int Side = 8;

    [VectorType(1, Side, Side)]
    public float[] Image { get; set; } = [];

    public string Label { get; set; } = string.Empty;

    public int Id { get; set; }

    /// <summary>Images 1×8×8 in 0…255: a bright horizontal or vertical bar, or a square, on dark noise.</summary>
    public static List<TestImage> Make(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(Draw)];

        TestImage Draw(int id)
        {
            float[] image = new float[Side * Side];
            for (int i = 0; i < image.Length; i++)
            {
                image[i] = random.Next(60);
            }

            int kind = id % 3;
            int place = random.Next(1, Side - 2);
            for (int i = 0; i < Side; i++)
            {
                for (int j = 0; j < Side; j++)
                {
                    bool lit = kind switch
                    {
                        0 => i == place,
                        1 => j == place,
                        _ => Math.Abs(i - place) <= 1 && Math.Abs(j - place) <= 1,
                    };
                    image[(i * Side) + j] += lit ? 180 : 0;
                }
            }

            return new TestImage { Image = image, Label = kind switch { 0 => "row", 1 => "column", _ => "square" }, Id = id };
        }
    }
}
