namespace RobustAttribution.Examples.ExplainWithoutTorch;

/// <summary>Resampling along one direction, by a triangle as wide as the step between samples: shrinking averages and skips no pixel.</summary>
internal sealed class TriangleFilter
{
    private readonly (int First, float[] Weights)[] places;

    /// <param name="source">Pixels there are.</param>
    /// <param name="target">Pixels there will be.</param>
    /// <param name="scale">Pixels of the result for one of the source.</param>
    /// <param name="offset">Where the source begins in the result.</param>
    public TriangleFilter(int source, int target, double scale, double offset)
        => places = [.. Enumerable.Range(0, target).Select(i => Place(source, (i + 0.5 - offset) / scale, Math.Max(1, 1 / scale)))];

    /// <summary>Filters lines.</summary>
    /// <param name="values">All values.</param>
    /// <param name="lines">How many lines.</param>
    /// <param name="stride">From a value of a line to the next one.</param>
    /// <param name="lineLength">From a line to the next one.</param>
    /// <returns>The lines, one after the other.</returns>
    public float[] Apply(float[] values, int lines, int stride, int lineLength)
    {
        float[] result = new float[lines * places.Length];
        for (int line = 0; line < lines; line++)
        {
            for (int i = 0; i < places.Length; i++)
            {
                (int first, float[] weights) = places[i];
                float sum = 0;
                for (int j = 0; j < weights.Length; j++)
                {
                    sum += weights[j] * values[(line * lineLength) + ((first + j) * stride)];
                }

                result[(line * places.Length) + i] = sum;
            }
        }

        return result;
    }

    // None where padding is.
    private static (int First, float[] Weights) Place(int source, double centre, double radius)
    {
        if (centre < 0 || centre > source)
        {
            return (0, []);
        }

        int first = Math.Max(0, (int)Math.Floor(centre - radius)), last = Math.Min(source - 1, (int)Math.Ceiling(centre + radius));
        double[] raw = [.. Enumerable.Range(first, last - first + 1).Select(j => Math.Max(0, 1 - (Math.Abs(j + 0.5 - centre) / radius)))];
        double sum = raw.Sum();
        return (first, Array.ConvertAll(raw, weight => (float)(weight / sum)));
    }
}
