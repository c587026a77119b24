namespace RobustAttribution.Similarities;

/// <summary>Spearman's ρ: the <see cref="PearsonCorrelation"/> of the pixels' ranks, equal values sharing the mean of their ranks.</summary>
/// <remarks>
/// From −1 to 1, symmetric, unchanged by any increasing function of the values. NaN where a map is constant: its ranks do not vary.
/// </remarks>
public sealed record SpearmanCorrelation : RankSimilarity
{
    /// <inheritdoc/>
    public override string Name => "Spearman correlation";

    private protected override double Measure(Span<double> a, Span<double> b)
    {
        double[] x = DoubledCentredRanks(a);
        double[] y = DoubledCentredRanks(b);
        double product = 0, squareX = 0, squareY = 0;
        for (int i = 0; i < x.Length; i++)
        {
            product += x[i] * y[i];
            squareX += x[i] * x[i];
            squareY += y[i] * y[i];
        }

        double scale = Math.Sqrt(squareX * squareY); // exact for equal squares, so that a map is exactly 1 to itself
        return scale > 0 ? Math.Clamp(product / scale, -1, 1) : double.NaN;
    }

    /// <summary>2·(rank − mean rank), a whole number: ranks from 0, the mean rank is (n − 1)/2.</summary>
    private static double[] DoubledCentredRanks(Span<double> values)
    {
        int[] order = new int[values.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        values.Sort(order.AsSpan());
        double[] ranks = new double[values.Length];
        for (int start = 0, end; start < values.Length; start = end)
        {
            end = start + 1;
            while (end < values.Length && values[end] == values[start])
            {
                end++;
            }

            for (int i = start; i < end; i++)
            {
                ranks[order[i]] = start + end - values.Length;
            }
        }

        return ranks;
    }
}
