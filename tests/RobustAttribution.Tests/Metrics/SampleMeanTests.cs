using System.Numerics;
using RobustAttribution.Metrics;

namespace RobustAttribution.Tests.Metrics;

/// <summary>Exact sums: the nearest double of the true mean, and the same bits whatever the order.</summary>
[TestClass]
public sealed class SampleMeanTests
{
    private const int Unit = 1074; // every finite double is a whole multiple of 2^-1074

    private static IEnumerable<object[]> Kinds => new[] { "similarities", "floats", "wide", "cancelling", "denormal", "equal" }.Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void TheMeanIsTheNearestDouble(string kind)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            double[] values = Values(kind, seed);
            BigInteger sum = values.Aggregate(BigInteger.Zero, (total, value) => total + Whole(value));
            double mean = SampleMean.Of(values).Mean;
            BigInteger distance = BigInteger.Abs(sum - (Whole(mean) * values.Length));
            foreach (double neighbour in new[] { Math.BitDecrement(mean), Math.BitIncrement(mean) })
            {
                Assert.IsTrue(distance <= BigInteger.Abs(sum - (Whole(neighbour) * values.Length)), $"{mean:R} of seed {seed}, but {neighbour:R} is nearer");
            }
        }
    }

    [TestMethod]
    public void TheStandardErrorIsThatOfTheDefinition()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            double[] values = Values("similarities", seed);
            double mean = values.Average();
            double expected = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
            Assert.AreEqual(expected, SampleMean.Of(values).StandardError, 1e-13);
        }

        double[] near = [1e9 + 0.25, 1e9 + 0.5, 1e9 + 0.75]; // where sums of squares in doubles lose every digit
        Assert.AreEqual(0.25 / Math.Sqrt(3), SampleMean.Of(near).StandardError, 1e-16);
        Assert.AreEqual(0, SampleMean.Of([0.1, 0.1, 0.1]).StandardError);
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void AnyOrderAndGroupingGivesTheSameBits(string kind)
    {
        double[] values = Values(kind, 1);
        SampleMean whole = SampleMean.Of(values);
        bool naiveDiffers = false;
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            double[] shuffled = [.. values];
            random.Shuffle(shuffled);
            naiveDiffers |= shuffled.Sum() != values.Sum();
            SampleMean merged = RandomMerge([.. shuffled.Chunk(1 + random.Next(40)).Select(SampleMean.Of), default], random);
            Assert.AreEqual(whole, merged);
            Assert.AreEqual(BitConverter.DoubleToInt64Bits(whole.Mean), BitConverter.DoubleToInt64Bits(merged.Mean));
            Assert.AreEqual(BitConverter.DoubleToInt64Bits(whole.StandardError), BitConverter.DoubleToInt64Bits(merged.StandardError));
        }

        Assert.IsTrue(naiveDiffers || kind is not ("similarities" or "cancelling"), "a sum of doubles depends on the order");
    }

    [TestMethod]
    public void WithoutNumbersNothingIsDefinedAndInfinityStays()
    {
        Assert.IsTrue(double.IsNaN(default(SampleMean).Mean) && double.IsNaN(SampleMean.Of([1]).StandardError));
        Assert.AreEqual((1.0, 0.0), (SampleMean.Of([1]).Mean, SampleMean.Of([0, 0]).Mean));
        Assert.AreEqual(double.PositiveInfinity, SampleMean.Of([1, double.PositiveInfinity, 2]).Mean);
        Assert.IsTrue(double.IsNaN(SampleMean.Of([double.NegativeInfinity, double.PositiveInfinity]).Mean));
        Assert.IsTrue(double.IsNaN(SampleMean.Of([1, double.PositiveInfinity]).StandardError));
        Assert.AreEqual(double.MaxValue, SampleMean.Of([double.MaxValue, double.MaxValue]).Mean, "the sum exceeds every double");
        Assert.AreEqual(double.Epsilon, SampleMean.Of([double.Epsilon]).Mean);
    }

    private static SampleMean RandomMerge(List<SampleMean> parts, Random random)
    {
        while (parts.Count > 1)
        {
            SampleMean first = Take();
            SampleMean second = Take();
            parts.Add(first.Merge(second));
        }

        return parts[0];

        SampleMean Take()
        {
            int index = random.Next(parts.Count);
            SampleMean part = parts[index];
            parts.RemoveAt(index);
            return part;
        }
    }

    private static double[] Values(string kind, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 101 + seed).Select(i => kind switch
        {
            "similarities" => (2 * random.NextDouble()) - 1,
            "floats" => random.NextSingle(),
            "wide" => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-290, 290)),
            "cancelling" => (i % 3) switch { 0 => 1e16, 1 => -1e16, _ => random.NextDouble() },
            "denormal" => random.Next(1, 1000) * double.Epsilon,
            _ => 0.1,
        })];
    }

    private static BigInteger Whole(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> 52);
        BigInteger mantissa = (bits & ((1L << 52) - 1)) | (exponent > 0 ? 1L << 52 : 0);
        BigInteger whole = mantissa << (Math.Max(exponent, 1) - 1 + 1074 - Unit);
        return value < 0 ? -whole : whole;
    }
}
