using RobustAttribution.Serialization;
using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

[TestClass]
[TestCategory("Gpu")]
public sealed class SimilarityLaws
{
    private const int Height = 9;
    private const int Width = 10;

    [TestMethod]
    public void EverySimilarityIsInTheTable()
    {
        Type[] all = [.. typeof(IMapSimilarity).Assembly.GetExportedTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && typeof(IMapSimilarity).IsAssignableFrom(type))];
        CollectionAssert.AreEquivalent(all, SimilarityTable.Rows.Select(row => row.Similarity.GetType()).Distinct().ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void FollowsItsDefinition(SimilarityRow row)
    {
        foreach ((Tensor a, Tensor b) in Pairs())
        {
            double[] expected = [.. Maps(a).Zip(Maps(b), row.Reference)];
            Values.AreClose(expected, Compare(row, a, b), 1e-12, row.ToString());
        }
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void AMapIsIdeallySimilarToItself(SimilarityRow row)
    {
        foreach ((Tensor a, _) in Pairs())
        {
            Assert.IsTrue(Compare(row, a, a.clone()).All(value => Math.Abs(value - row.Similarity.Ideal) < 1e-12));
        }
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void NothingIsBetterThanIdealOrWorseThanTheLowestValue(SimilarityRow row)
    {
        foreach ((Tensor a, Tensor b) in Pairs())
        {
            foreach (double value in Compare(row, a, b).Concat(Compare(row, a, -a)))
            {
                Assert.IsTrue(row.Similarity.HigherIsMoreSimilar ? value <= row.Similarity.Ideal : value >= row.Similarity.Ideal, $"{value}");
                Assert.IsTrue(value >= row.Lower, $"{value}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void ExchangingTheMapsChangesNothingIfSymmetric(SimilarityRow row)
    {
        bool same = Pairs().All(pair => Agree(Compare(row, pair.A, pair.B), Compare(row, pair.B, pair.A)));
        Assert.AreEqual(row.Symmetric, same);
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void ScalingChangesWhatTheDocumentationSays(SimilarityRow row)
    {
        Assert.AreEqual(row.OwnScale, Pairs().All(pair => Agree(Compare(row, pair.A, pair.B), Compare(row, pair.A, pair.B * 3.7))), "one map");
        Assert.AreEqual(
            row.CommonScale, Pairs().All(pair => Agree(Compare(row, pair.A, pair.B), Compare(row, pair.A * 1e-9, pair.B * 1e-9))), "both maps");
        Assert.AreEqual(
            row.Increasing, Pairs().All(pair => Agree(Compare(row, pair.A, pair.B), Compare(row, pair.A, pair.B.exp()))), "an increasing function");
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void EachPairIsJudgedAlone(SimilarityRow row)
    {
        foreach ((Tensor a, Tensor b) in Pairs())
        {
            double[] all = Compare(row, a, b);
            Tensor order = tensor(new long[] { 2, 0, 3, 1 });
            CollectionAssert.AreEqual(new[] { all[2], all[0], all[3], all[1] }, Compare(row, a.index_select(0, order), b.index_select(0, order)));
            CollectionAssert.AreEqual(all[1..2], Compare(row, a.narrow(0, 1, 1), b.narrow(0, 1, 1)));
        }
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void SinglePrecisionMapsAreComparedInDoublePrecision(SimilarityRow row)
    {
        (Tensor a, Tensor b) = Pairs().First();
        (Tensor x, Tensor y) = (a.to(ScalarType.Float32), b.to(ScalarType.Float32));
        CollectionAssert.AreEqual(Compare(row, x.to(ScalarType.Float64), y.to(ScalarType.Float64)), Compare(row, x, y));
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void ConstantMapsHaveAStatedAnswer(SimilarityRow row)
    {
        Tensor constant = full([1, Height, Width], 0.3, dtype: ScalarType.Float64);
        Assert.AreEqual(row.ConstantMap, Compare(row, constant, constant).Single(), 1e-12);
        Assert.AreEqual(row.ZeroMap, Compare(row, constant * 0, constant * 0).Single(), 1e-12);

        // Against a map that varies: undefined where it is undefined against itself, a number otherwise.
        Tensor varied = Pairs().First().A.narrow(0, 0, 1);
        Assert.AreEqual(double.IsNaN(row.ConstantMap), double.IsNaN(Compare(row, constant, varied).Single()));
        Assert.AreEqual(double.IsNaN(row.ZeroMap), double.IsNaN(Compare(row, varied, constant * 0).Single()));
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void WrongMapsAreRefused(SimilarityRow row)
    {
        Tensor maps = ones(2, Height, Width);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => row.Similarity.Compare(maps, ones(2, Width, Height))).Message,
            "[2,9,10] and b has shape [2,10,9]");
        Assert.ThrowsExactly<ArgumentException>(() => row.Similarity.Compare(maps.unsqueeze(1), maps.unsqueeze(1)));
        Tensor broken = maps.clone();
        broken[1, 0, 0] = double.NaN;
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => row.Similarity.Compare(maps, broken)).Message,
            "b holds a value that is not finite in map 1 of 2");
        broken[1, 0, 0] = double.PositiveInfinity;
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => row.Similarity.Compare(broken, maps)).Message, "a holds a value that is not finite");
        Assert.AreEqual(0, Compare(row, zeros(0, Height, Width), zeros(0, Height, Width)).Length);
    }

    [TestMethod]
    [DynamicData(nameof(SimilarityTable.Cases), typeof(SimilarityTable))]
    public void NothingIsLeftBehindAndNothingIsChanged(SimilarityRow row)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor a, Tensor b) = Pairs().First();
        double[] before = Values.Of(a);
        long live = Tensor.TotalCount;
        using (Tensor result = row.Similarity.Compare(a, b))
        {
            Assert.AreEqual(live + 1, Tensor.TotalCount);
            Assert.AreEqual(ScalarType.Float64, result.dtype);
            Assert.IsFalse(result.requires_grad);
        }

        Assert.AreEqual(live, Tensor.TotalCount);
        CollectionAssert.AreEqual(before, Values.Of(a));
    }

    [TestMethod]
    public void EverySimilarityIsReadBackFromJson()
    {
        foreach (IMapSimilarity similarity in SimilarityTable.Rows.Select(row => row.Similarity))
        {
            Assert.AreEqual(similarity, ComponentJson.Read<IMapSimilarity>(ComponentJson.Write(similarity)));
        }
    }

    /// <summary>Smooth and noisy maps, maps with many ties, and maps that are near each other; four of each.</summary>
    private static IEnumerable<(Tensor A, Tensor B)> Pairs()
    {
        foreach (int seed in new[] { 1, 2, 3 })
        {
            using var generator = new Generator((ulong)seed);
            Tensor Noise() => randn([4, Height, Width], dtype: ScalarType.Float64, generator: generator);
            Tensor a = Noise();
            yield return (a, Noise());
            yield return (a, a + (Noise() * 0.3));
            yield return ((a * 1.5).round(), (a + Noise()).round());
        }
    }

    private static double[] Compare(SimilarityRow row, Tensor a, Tensor b)
    {
        using Tensor first = a.to(TestDevice.Current), second = b.to(TestDevice.Current), result = row.Similarity.Compare(first, second);
        return Values.Of(result);
    }

    private static bool Agree(double[] x, double[] y) => x.Zip(y).All(pair => Math.Abs(pair.First - pair.Second) < 1e-9);

    private static IEnumerable<double[,]> Maps(Tensor maps)
    {
        for (int i = 0; i < maps.shape[0]; i++)
        {
            yield return Values.Matrix(maps[i]);
        }
    }
}
