using System.Numerics;
using System.Numerics.Tensors;

namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// The weights of one direction: for each target place the first source place and the weights from there; none where padding is.
/// Its memory serves one size of images after the other.
/// </summary>
/// <param name="target">Places of the result.</param>
internal sealed class TriangleFilter(int target)
{
    private static readonly int Lanes = Vector<float>.Count;
    private readonly int[] first = new int[target];
    private readonly int[] ends = new int[target]; // where the weights of a place end; they begin where those of the place before it end
    private float[] weights = [];
    private double[] raw = [];

    /// <summary>The target places whose centre lies in the source: the first one, and how many.</summary>
    public (int Start, int Count) Covered { get; private set; }

    /// <summary>Computes the weights.</summary>
    /// <param name="source">Places of the source.</param>
    /// <param name="scale">Places of the target for one of the source.</param>
    /// <param name="offset">Where the source begins in the target.</param>
    public void Prepare(int source, double scale, double offset)
    {
        double radius = Math.Max(1, 1 / scale);
        int widest = (int)Math.Min(source, (2 * radius) + 3);
        PixelResampler.Grow(ref raw, widest);
        PixelResampler.Grow(ref weights, target * widest);
        int end = 0, start = 0, covered = 0;
        for (int i = 0; i < target; i++)
        {
            double centre = (i + 0.5 - offset) / scale;
            if (centre >= 0 && centre <= source)
            {
                start = covered++ == 0 ? i : start;
                int low = Math.Max(0, (int)Math.Floor(centre - radius));
                int count = Math.Min(source - 1, (int)Math.Ceiling(centre + radius)) - low + 1;
                double sum = 0;
                for (int j = 0; j < count; j++)
                {
                    raw[j] = Math.Max(0, 1 - (Math.Abs(low + j + 0.5 - centre) / radius));
                    sum += raw[j];
                }

                first[i] = low;
                for (int j = 0; j < count; j++)
                {
                    weights[end++] = (float)(raw[j] / sum);
                }
            }

            ends[i] = end;
        }

        Covered = (start, covered);
    }

    /// <summary>Filters rows that lie beside each other.</summary>
    /// <param name="source">[source width, lanes].</param>
    /// <param name="rows">[rows, width]: as many rows as there are, at most the lanes.</param>
    public void ApplyAcross(ReadOnlySpan<float> source, Span<float> rows)
    {
        int at = 0;
        for (int i = 0; i < target; i++)
        {
            ReadOnlySpan<float> weight = weights.AsSpan(at, ends[i] - at);
            at = ends[i];
            Vector<float> sum = Vector<float>.Zero;
            for (int j = 0; j < weight.Length; j++)
            {
                sum += weight[j] * new Vector<float>(source[((first[i] + j) * Lanes)..]);
            }

            for (int lane = 0; lane * target < rows.Length; lane++)
            {
                rows[(lane * target) + i] = sum[lane];
            }
        }
    }

    /// <summary>Filters columns.</summary>
    /// <param name="source">[source height, width].</param>
    /// <param name="result">[height, width].</param>
    /// <param name="width">Of both.</param>
    public void ApplyDown(ReadOnlySpan<float> source, Span<float> result, int width)
    {
        int at = 0;
        for (int i = 0; i < target; i++)
        {
            ReadOnlySpan<float> weight = weights.AsSpan(at, ends[i] - at);
            at = ends[i];
            Span<float> row = result.Slice(i * width, width);
            row.Clear();
            for (int j = 0; j < weight.Length; j++)
            {
                TensorPrimitives.MultiplyAdd(source.Slice((first[i] + j) * width, width), weight[j], row, row);
            }
        }
    }
}
