using System.Text.Json;
using RobustAttribution.Certificates;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Certificates;

/// <summary>The tests of all pixels of an image at once, from counts alone.</summary>
[TestClass]
public sealed class PixelTestTests
{
    [TestMethod]
    public void TailsAndRadiiAreThoseOfExactArithmetic()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(GoldenFile.Path("Certificates", "tails.json")));
        JsonElement[] tails = [.. file.RootElement.GetProperty("tails").EnumerateArray()];
        Assert.HasCount(85, tails);
        foreach (JsonElement tail in tails)
        {
            (int n, double p, int c) = (tail.GetProperty("n").GetInt32(), tail.GetProperty("p").GetDouble(), tail.GetProperty("c").GetInt32());
            Values.AreClose([tail.GetProperty("logTail").GetDouble()], [PixelTest.LogTails(n, p)[c]], 1e-11, $"n {n}, p {p}, c {c}");
        }

        foreach (JsonElement quantile in file.RootElement.GetProperty("quantiles").EnumerateArray())
        {
            double p = quantile.GetProperty("p").GetDouble();
            double radius = new CertifiedSaliency { Tau = p, Sigma = 0.25 }.Radius;
            Assert.AreEqual(0.25 * quantile.GetProperty("z").GetDouble(), radius, 1e-13, $"τ {p}");
        }
    }

    [TestMethod]
    public void TailsKeepTheirDigitsWhereProbabilitiesUnderflow()
    {
        double[] tails = PixelTest.LogTails(100_000, 0.75);
        Assert.AreEqual(100_000 * Math.Log(0.75), tails[100_000], 1e-9);
        Assert.AreEqual(0, tails[0], 1e-9);
        for (int c = 0; c < tails.Length - 1; c++)
        {
            Assert.IsTrue(tails[c] >= tails[c + 1] && double.IsFinite(tails[c]), $"{c}");
        }

        Assert.AreEqual(Math.Log(0.5), tails[75_000], 0.01, "the median");
    }

    [TestMethod]
    [DataRow(60, 3, 4, 0.001)]
    [DataRow(60, 1, 2, 0.001)]
    [DataRow(61, 1, 2, 0.4)]
    [DataRow(200, 9, 10, 0.05)]
    [DataRow(33, 3, 5, 0.2)]
    public void LabelsAreThoseOfTheDefinition(int n, int numerator, int denominator, double alpha)
    {
        var test = new PixelTest(n, (double)numerator / denominator, alpha);
        var random = new Random(n);
        int important = 0, unimportant = 0, abstained = 0;
        for (int trial = 0; trial < 20; trial++)
        {
            // Counts near both ends, so that the correction's steps matter.
            int[] counts = [.. Enumerable.Range(0, 35).Select(i => i % 3 == 0 ? random.Next(n + 1) : (int)(Math.Pow(random.NextDouble(), 4) * n)).Select((count, i) => i % 2 == 0 ? count : n - count)];
            using IDisposable scope = NewDisposeScope();
            int[] found = [.. Values.Of(test.Decide(tensor(counts).reshape(1, 5, 7))).Select(label => (int)label)];
            int[] expected = CertificateReferences.Labels(counts, n, numerator, denominator, alpha);
            CollectionAssert.AreEqual(expected, found, $"trial {trial}");
            important += found.Count(label => label == 1);
            unimportant += found.Count(label => label == -1);
            abstained += found.Count(label => label == 0);
        }

        Assert.IsTrue(important > 0 && unimportant > 0 && abstained > 0, $"{important}, {unimportant}, {abstained}");
    }

    [TestMethod]
    public void HolmCertifiesWhatBonferroniDoesNot()
    {
        // With 30 of 36 pixels decided beyond doubt, 42 tests are left of 72.
        (int n, int votes) = Enumerable.Range(60, 100)
            .SelectMany(n => PixelTest.LogTails(n, 0.75).Index().Where(tail => tail.Item > Math.Log(0.001 / 72) && tail.Item <= Math.Log(0.001 / 42)).Select(tail => (n, tail.Index)))
            .First();
        using IDisposable scope = NewDisposeScope();
        int[] counts = [.. Enumerable.Repeat(n, 15), .. Enumerable.Repeat(0, 15), .. Enumerable.Repeat(votes, 6)];
        double[] labels = Values.Of(new PixelTest(n, 0.75, 0.001).Decide(tensor(counts).reshape(1, 6, 6)));
        CollectionAssert.AreEqual(counts.Select(count => count == 0 ? -1.0 : 1).ToArray(), labels);
        double[] alone = Values.Of(new PixelTest(n, 0.75, 0.001).Decide(full([1, 6, 6], votes, ScalarType.Int32)));
        CollectionAssert.AreEqual(new double[36], alone);
    }

    [TestMethod]
    public void NoMoreThanAlphaOfTheImagesHaveAWrongDecision()
    {
        // Every pixel at p = τ, the worst case: both nulls hold, so any decision is wrong. α = 0.2 makes errors frequent enough to count.
        const int Images = 4000;
        const int N = 80;
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(5);
        Tensor counts = rand([Images, 4, 4, N], ScalarType.Float64, generator: generator).lt(0.75).sum(3).to(ScalarType.Int32);
        double wrong = Values.Of(new PixelTest(N, 0.75, 0.2).Decide(counts).ne(0).flatten(1).any(1).to(ScalarType.Float64)).Average();
        Assert.IsLessThan(0.2, wrong);
        Assert.IsGreaterThan(0.005, wrong, "the test is not so careful that it would never err");
    }

    [TestMethod]
    public void TheFewestSamplesAreEnoughAndOneLessIsNot()
    {
        foreach ((int pixels, double tau, double alpha) in new[] { (784, 0.75, 0.001), (36, 0.5, 0.01), (50_176, 0.95, 1e-4) })
        {
            int n = PixelTest.FewestSamples(pixels, tau, alpha);
            Assert.IsTrue(PixelTest.LogTails(n, tau)[n] <= Math.Log(alpha / (2.0 * pixels)));
            Assert.IsFalse(PixelTest.LogTails(n - 1, tau)[n - 1] <= Math.Log(alpha / (2.0 * pixels)));
        }
    }
}
