namespace RobustAttribution.Similarities;

/// <summary>
/// Kendall's τ-b: (concordant − discordant pairs of pixels)/√((pairs not tied in a)·(pairs not tied in b)) (Kendall 1945), in O(n log n) after
/// Knight (1966). The counts are exact.
/// </summary>
/// <remarks>
/// From −1 to 1, symmetric, unchanged by any increasing function of the values. NaN where a map is constant or has one pixel: no pair is ordered.
/// </remarks>
public sealed record KendallTau : RankSimilarity
{
    /// <inheritdoc/>
    public override string Name => "Kendall τ";

    private protected override double Measure(Span<double> a, Span<double> b)
    {
        a.Sort(b); // b's values move along
        (long tiedA, long tiedBoth) = (0, 0);
        for (int start = 0, end; start < a.Length; start = end)
        {
            end = EndOfRun(a, start);
            tiedA += Pairs(end - start);
            Span<double> group = b[start..end];
            group.Sort(); // pairs tied in a must not look discordant
            tiedBoth += TiedPairs(group);
        }

        long discordant = CountInversions(b); // sorts b
        long tiedB = TiedPairs(b);
        long all = Pairs(a.Length);
        long difference = all - tiedA - tiedB + tiedBoth - (2 * discordant); // concordant − discordant
        double scale = Math.Sqrt(all - tiedA) * Math.Sqrt(all - tiedB);
        return scale > 0 ? Math.Clamp(difference / scale, -1, 1) : double.NaN;
    }

    private static long Pairs(long count) => count * (count - 1) / 2;

    private static long TiedPairs(ReadOnlySpan<double> sorted)
    {
        long tied = 0;
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            end = EndOfRun(sorted, start);
            tied += Pairs(end - start);
        }

        return tied;
    }

    private static int EndOfRun(ReadOnlySpan<double> sorted, int start)
    {
        int end = start + 1;
        while (end < sorted.Length && sorted[end] == sorted[start])
        {
            end++;
        }

        return end;
    }

    /// <summary>Pairs i &lt; j with values[i] &gt; values[j], by merge sort; leaves the values sorted.</summary>
    private static long CountInversions(Span<double> values)
    {
        long inversions = 0;
        double[] buffer = new double[values.Length];
        for (int width = 1; width < values.Length; width *= 2)
        {
            for (int left = 0; left + width < values.Length; left += 2 * width)
            {
                int middle = left + width;
                int right = Math.Min(middle + width, values.Length);
                inversions += Merge(values[left..right], width, buffer);
            }
        }

        return inversions;
    }

    /// <summary>Merges two sorted halves and counts how often the right one overtakes the left.</summary>
    private static long Merge(Span<double> values, int middle, double[] buffer)
    {
        values[..middle].CopyTo(buffer);
        long inversions = 0;
        (int left, int right, int target) = (0, middle, 0);
        while (left < middle && right < values.Length)
        {
            if (buffer[left] <= values[right])
            {
                values[target++] = buffer[left++];
            }
            else
            {
                inversions += middle - left;
                values[target++] = values[right++];
            }
        }

        buffer.AsSpan(left, middle - left).CopyTo(values[target..]);
        return inversions;
    }
}
