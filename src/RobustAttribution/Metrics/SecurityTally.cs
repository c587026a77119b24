using RobustAttribution.Similarities;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>Adds up the batches of one point of a <see cref="SecurityCurve"/>.</summary>
internal sealed class SecurityTally(double radius, IReadOnlyList<IMapSimilarity> similarities)
{
    private readonly List<double>[] values = [.. similarities.Select(_ => new List<double>())];
    private long correct;
    private long valid;

    /// <summary>ε in pixel units.</summary>
    public double Radius { get; } = radius;

    /// <summary>Images added.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a batch.</summary>
    /// <param name="correctAttacked">[N], bool.</param>
    /// <param name="found">[N], bool: the map was attacked with the prediction kept.</param>
    /// <param name="compared">[N], float64 on the CPU, for each measure.</param>
    public void Add(Tensor correctAttacked, Tensor found, IReadOnlyList<Tensor> compared)
    {
        bool[] right = Flags(correctAttacked);
        bool[] counts = Flags(found);
        Count += right.Length;
        correct += right.Count(flag => flag);
        valid += counts.Count(flag => flag);
        for (int measure = 0; measure < compared.Count; measure++)
        {
            double[] batch = compared[measure].data<double>().ToArray();
            values[measure].AddRange(batch.Where((value, i) => counts[i] && !double.IsNaN(value)));
        }
    }

    /// <exception cref="ArgumentException">Nothing was added.</exception>
    public SecurityPoint ToPoint()
        => Count > 0
            ? new SecurityPoint(Radius, (double)correct / Count, Count, valid, [.. similarities.Zip(values, Mean)])
            : throw new ArgumentException("The source has no image; there is nothing to measure.");

    private static MeanSimilarity Mean(IMapSimilarity similarity, List<double> values)
    {
        double mean = values.Count == 0 ? double.NaN : values.Average();
        double error = values.Count < 2
            ? double.NaN
            : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count);
        return new MeanSimilarity(similarity, mean, error, values.Count);
    }

    private static bool[] Flags(Tensor flags)
    {
        using Tensor local = flags.cpu();
        return local.data<bool>().ToArray();
    }
}
