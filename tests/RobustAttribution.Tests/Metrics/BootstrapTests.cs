using System.Diagnostics;
using System.Text.Json;
using RobustAttribution.Metrics;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;

namespace RobustAttribution.Tests.Metrics;

/// <summary>Intervals over images: against the definition, against SciPy, and by how often they hold what they should.</summary>
[TestClass]
public sealed class BootstrapTests
{
    [TestMethod]
    [DataRow(2, 1)]
    [DataRow(3, 2)]
    [DataRow(17, 3)]
    [DataRow(40, 4)]
    public void TheIntervalOfAMeanIsThatOfTheDefinition(int count, int seed)
    {
        double[] values = Skewed(count, seed);
        ConfidenceInterval expected = BootstrapReference.OfMean(values, 500, seed), found = Bootstrap.OfMean(values, 500, seed);
        Assert.AreEqual(expected.Low, found.Low, 1e-9);
        Assert.AreEqual(expected.High, found.High, 1e-9);
        Assert.IsTrue(found.Low < found.High);
    }

    [TestMethod]
    public void TheIntervalOfAFunctionOfTwoMeansResamplesImages()
    {
        (double, double)[] pairs = [.. Skewed(25, 1).Zip(Skewed(25, 2), (a, b) => (1 - (0.3 * a) - (0.1 * b), 0.5 * b)).Order()];
        static double Statistic(double attacked, double other) => (attacked - other) / (1 - other);
        ConfidenceInterval expected = BootstrapReference.Of(pairs, Statistic, 2000, 0), found = Bootstrap.OfMeans(pairs.Reverse(), Statistic);
        Assert.AreEqual(expected.Low, found.Low, 1e-9);
        Assert.AreEqual(expected.High, found.High, 1e-9);
    }

    [TestMethod]
    public void TheIntervalIsThatOfSciPyToTheErrorOfItsDraws()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(GoldenFile.Path("Statistics", "bootstrap.json")));
        foreach (JsonElement known in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            ConfidenceInterval found = Bootstrap.OfMean(known.GetProperty("values").EnumerateArray().Select(value => value.GetDouble()), 200_000);
            (double low, double high) = (known.GetProperty("low").GetDouble(), known.GetProperty("high").GetDouble());
            string name = known.GetProperty("name").GetString()!;
            Assert.AreEqual(low, found.Low, 0.015 * (high - low), name);
            Assert.AreEqual(high, found.High, 0.015 * (high - low), name);
        }
    }

    [TestMethod]
    [DataRow("similarities")]
    [DataRow("differences")]
    public void AboutNineteenOfTwentyIntervalsHoldTheMean(string kind)
    {
        var random = new Random(11);
        (Func<double> draw, double mean) = kind == "similarities"
            ? ((Func<double>)(() => Math.Sqrt(random.NextDouble())), 2.0 / 3)
            : (() => Math.Pow(random.NextDouble(), 3) - random.NextDouble(), -0.25);
        int held = Enumerable.Range(0, 400).Count(_ =>
        {
            ConfidenceInterval interval = Bootstrap.OfMean([.. Enumerable.Range(0, 60).Select(_ => draw())], 1000);
            return interval.Low <= mean && mean <= interval.High;
        });
        Assert.IsInRange(367, 393, held, $"{held} of 400"); // 380 ± 3 standard deviations
    }

    [TestMethod]
    public void AnyOrderAndGroupingGivesTheSameBits()
    {
        double[] values = [.. Skewed(201, 5), 0.0, -0.0];
        SampleValues whole = SampleValues.Of(values);
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            random.Shuffle(values);
            SampleValues[] parts = [.. values.Chunk(1 + random.Next(60)).Select(SampleValues.Of), SampleValues.Empty];
            SampleValues merged = seed % 2 == 0 ? parts.Aggregate((a, b) => a.Merge(b)) : parts.Aggregate((a, b) => b.Merge(a));
            Assert.AreEqual(Bits(whole.Interval), Bits(merged.Interval));
            Assert.AreEqual(Bits(whole.Interval), Bits(Bootstrap.OfMean(values)));
            Assert.AreEqual((whole.Mean, whole.StandardError, whole.Count), (merged.Mean, merged.StandardError, merged.Count));
            Assert.AreEqual(whole, merged);
        }

        Assert.AreNotEqual(Bits(whole.Interval), Bits(Bootstrap.OfMean(values, seed: 1)));
        Assert.AreNotEqual(whole, whole.Merge(SampleValues.Of([1])));

        static (long, long) Bits(ConfidenceInterval interval)
            => (BitConverter.DoubleToInt64Bits(interval.Low), BitConverter.DoubleToInt64Bits(interval.High));
    }

    [TestMethod]
    public void MergingImageByImageIsNoDeepRecursion()
    {
        SampleValues merged = Enumerable.Range(0, 100_000).Aggregate(SampleValues.Empty, (all, i) => all.Merge(SampleValues.Of([i])));
        Assert.AreEqual(100_000, merged.All().Distinct().Count());
    }

    [TestMethod]
    public void WhatHasNoSpreadHasNoLengthAndTooLittleNoInterval()
    {
        Assert.AreEqual(new ConfidenceInterval(0.1, 0.1), Bootstrap.OfMean([0.1, 0.1, 0.1]));
        foreach (double[] values in new[] { [], [1], [1, double.NaN], new[] { 1, double.PositiveInfinity } })
        {
            ConfidenceInterval none = Bootstrap.OfMean(values);
            Assert.IsTrue(double.IsNaN(none.Low) && double.IsNaN(none.High) && !none.ExcludesZero);
            Assert.AreEqual("–", none.ToString());
        }

        Assert.AreEqual("[0.1000, 0.1000]", Bootstrap.OfMean([0.1, 0.1]).ToString());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Bootstrap.OfMean([1, 2], resamples: 99)).Message, "99");
    }

    [TestMethod]
    public void TwoThousandResamplesOfTenThousandImagesTakeWellUnderASecond()
    {
        double[] values = Skewed(10_000, 1);
        Bootstrap.OfMean(values);
        using Process process = Process.GetCurrentProcess();
        TimeSpan least = TimeSpan.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            process.Refresh();
            TimeSpan before = process.UserProcessorTime;
            Bootstrap.OfMean(values);
            process.Refresh();
            TimeSpan taken = process.UserProcessorTime - before;
            least = taken < least ? taken : least;
        }

        Assert.IsLessThan(0.5, least.TotalSeconds);
    }

    [TestMethod]
    public void TheNormalDistributionIsThatOfTheIntegral()
    {
        for (double x = -6; x <= 6; x += 0.37)
        {
            Assert.AreEqual(BootstrapReference.Cumulative(x), NormalDistribution.Cumulative(x), 1e-12);
        }

        foreach (double p in new[] { 1e-4, 0.025, 0.3, 0.5, 0.6, 0.975, 0.9999 })
        {
            Assert.AreEqual(p, NormalDistribution.Cumulative(NormalDistribution.Quantile(p)), 1e-14);
        }

        Assert.AreEqual((0.0, 1.0, 0.0), (NormalDistribution.Cumulative(-50), NormalDistribution.Cumulative(50), NormalDistribution.Quantile(0.5)));
        Assert.AreEqual(1.959963984540054, NormalDistribution.Quantile(0.975), 1e-14);
    }

    [TestMethod]
    public void AShareHasTheIntervalOfWilson()
    {
        ConfidenceInterval eight = ConfidenceInterval.OfShare(8, 10); // R: prop.test(8, 10, correct = FALSE)
        Assert.AreEqual(0.4901625, eight.Low, 1e-7);
        Assert.AreEqual(0.9433178, eight.High, 1e-7);
        Assert.AreEqual(0, ConfidenceInterval.OfShare(0, 20).Low);
        Assert.AreEqual(0.16113, ConfidenceInterval.OfShare(0, 20).High, 1e-5);
        Assert.AreEqual(1, ConfidenceInterval.OfShare(20, 20).High);
        Assert.AreEqual("–", ConfidenceInterval.OfShare(0, 0).ToString());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ConfidenceInterval.OfShare(3, 2)).Message, "from 0 to total, 2");
    }

    [TestMethod]
    public void DifferencesArePairedImageByImage()
    {
        double[] second = [.. Skewed(50, 3)], first = [.. second.Select((value, i) => value + 0.1 + (0.001 * (i % 5)))];
        PairedDifference paired = PairedDifference.Of(first, second);
        Assert.AreEqual(0.102, paired.Mean, 1e-12);
        Assert.AreEqual(50, paired.Count);
        Assert.IsTrue(paired.IsBeyondZero && paired.Interval.Low > 0.1 && paired.Interval.High < 0.104, "images that are hard for both do not widen it");
        PairedDifference back = PairedDifference.Of(second, first);
        Assert.IsTrue(back.IsBeyondZero && back.Interval.High < 0);
        StringAssert.StartsWith(back.ToString(), "−0.1020 [-0.10");

        PairedDifference known = PairedDifference.Of([1, double.NaN, 2, 3], [1, 1, double.NaN, 3]);
        Assert.AreEqual((0.0, 2L, false), (known.Mean, known.Count, known.IsBeyondZero));
        Assert.AreEqual("–", PairedDifference.Of([], []).ToString());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => PairedDifference.Of([1], [1, 2])).Message, "first has 1 values and second has 2");
    }

    [TestMethod]
    public void SeedsAreSpreadAsASample()
    {
        SeedSpread spread = SeedSpread.Of([0.83, 0.86, double.NaN, 0.84]);
        Assert.AreEqual(0.84333333, spread.Mean, 1e-8);
        Assert.AreEqual(Math.Sqrt(((0.83 - spread.Mean) * (0.83 - spread.Mean) + (0.86 - spread.Mean) * (0.86 - spread.Mean)
            + (0.84 - spread.Mean) * (0.84 - spread.Mean)) / 2), spread.StandardDeviation, 1e-12);
        Assert.AreEqual((0.83, 0.86, 3), (spread.Minimum, spread.Maximum, spread.Count));
        Assert.AreEqual("0.8433 ± 0.0153 (0.8300 to 0.8600, 3 seeds)", spread.ToString());
        Assert.AreEqual("0.8000 (0.8000 to 0.8000, 1 seed)", SeedSpread.Of([0.8]).ToString());
        Assert.AreEqual("–", SeedSpread.Of([]).ToString());
    }

    private static double[] Skewed(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Math.Pow(random.NextDouble(), 3))];
    }
}
