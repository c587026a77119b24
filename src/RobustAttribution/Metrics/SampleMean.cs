using System.Numerics;

namespace RobustAttribution.Metrics;

/// <summary>
/// Mean and standard error of a sample from exact sums: numbers in any order, and samples merged in any grouping, give the same bits.
/// </summary>
/// <remarks>
/// A finite double is a whole multiple of a power of two, so sums and sums of squares are whole numbers too. Only <see cref="Mean"/> and
/// <see cref="StandardError"/> round.
/// </remarks>
internal readonly record struct SampleMean
{
    private const int MantissaBits = 52;

    private readonly BigInteger sum; // in units of 2^scale
    private readonly BigInteger squares; // in units of 2^(2·scale)
    private readonly int scale; // at most 0
    private readonly double nonFinite; // 0, or the sum of the numbers that are not finite

    private SampleMean(long count, BigInteger sum, BigInteger squares, int scale, double nonFinite)
        => (Count, this.sum, this.squares, this.scale, this.nonFinite) = (count, sum, squares, scale, nonFinite);

    /// <summary>Numbers in the sample.</summary>
    public long Count { get; }

    /// <summary>The mean, rounded once; NaN without numbers.</summary>
    public double Mean => Count == 0 ? double.NaN : nonFinite != 0 ? nonFinite : Quotient(sum, Count, scale);

    /// <summary>Standard deviation of the sample (n − 1) over √n; NaN for fewer than two numbers or where one is not finite.</summary>
    public double StandardError => Count < 2 || nonFinite != 0
        ? double.NaN
        : Math.Sqrt(Quotient((Count * squares) - (sum * sum), (BigInteger)Count * Count * (Count - 1), 2 * scale));

    /// <summary>The sample of some numbers.</summary>
    public static SampleMean Of(IEnumerable<double> values) => values.Aggregate(default(SampleMean), (sample, value) => sample.Add(value));

    /// <summary>The sample with one more number.</summary>
    public SampleMean Add(double value) => Merge(Of(value));

    /// <summary>Both samples together.</summary>
    public SampleMean Merge(SampleMean other)
    {
        int common = Math.Min(scale, other.scale);
        (int first, int second) = (scale - common, other.scale - common);
        return new SampleMean(
            Count + other.Count,
            (sum << first) + (other.sum << second),
            (squares << (2 * first)) + (other.squares << (2 * second)),
            common,
            nonFinite + other.nonFinite);
    }

    private static SampleMean Of(double value)
    {
        if (!double.IsFinite(value))
        {
            return new SampleMean(1, default, default, 0, value);
        }

        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> MantissaBits) & 0x7FF;
        long mantissa = bits & ((1L << MantissaBits) - 1);
        (mantissa, exponent) = exponent == 0 ? (mantissa, -1074) : (mantissa | (1L << MantissaBits), exponent - 1075);
        if (mantissa == 0)
        {
            return new SampleMean(1, default, default, 0, 0);
        }

        int zeros = BitOperations.TrailingZeroCount(mantissa);
        (mantissa, exponent) = (mantissa >> zeros, exponent + zeros);
        BigInteger whole = (BigInteger)(value < 0 ? -mantissa : mantissa) << Math.Max(exponent, 0);
        return new SampleMean(1, whole, whole * whole, Math.Min(exponent, 0), 0);
    }

    /// <summary>numerator / denominator · 2^exponent, rounded to the nearest double.</summary>
    private static double Quotient(BigInteger numerator, BigInteger denominator, int exponent)
    {
        BigInteger magnitude = BigInteger.Abs(numerator);
        int shift = 62 - (int)(magnitude.GetBitLength() - denominator.GetBitLength()); // a quotient of 62 or 63 bits
        (BigInteger dividend, BigInteger divisor) = shift >= 0 ? (magnitude << shift, denominator) : (magnitude, denominator << -shift);
        BigInteger quotient = BigInteger.DivRem(dividend, divisor, out BigInteger rest);
        long bits = (long)quotient | (rest.IsZero ? 0L : 1L); // the lowest bit says that there is more: halves are rounded right
        return numerator.Sign * Math.ScaleB(bits, exponent - shift);
    }
}
