using RobustAttribution.Similarities;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Similarities;

[TestClass]
public sealed class SimilarityTests
{
    [TestMethod]
    public void TiesAreBrokenByPosition()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor a = tensor(new double[] { 5, 1, 1, 1 }).reshape(1, 2, 2); // top 2: 0, 1
        Tensor b = tensor(new double[] { 1, 1, 5, 1 }).reshape(1, 2, 2); // top 2: 2, 0
        CollectionAssert.AreEqual(new[] { 0.5 }, Values.Of(new TopKIntersection(2).Compare(a, b)));
        CollectionAssert.AreEqual(new[] { true, true, false, false }, TopPixels.Mask(a, 2).data<bool>().ToArray());
        CollectionAssert.AreEqual(new[] { true, false, true, false }, TopPixels.Mask(b, 2).data<bool>().ToArray());
    }

    [TestMethod]
    public void MorePixelsThanThereAreIsAnError()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor maps = ones(1, 4, 4);
        foreach (IMapSimilarity similarity in new IMapSimilarity[] { new TopKIntersection(17), new LocalitySensitiveTopK(17) })
        {
            StringAssert.Contains(
                Assert.ThrowsExactly<ArgumentException>(() => similarity.Compare(maps, maps)).Message, "K is 17, and the maps have 4×4 = 16 pixels");
        }

        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new StructuralSimilarity().Compare(maps, maps)).Message,
            "Window is 7, and the maps have 4×4 pixels");
    }

    [TestMethod]
    public void LensForgivesShiftsWithinItsWindow()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor a = rand([1, 12, 12], dtype: ScalarType.Float64, generator: generator);
        Tensor inner = nn.functional.pad(a.narrow(1, 2, 8).narrow(2, 2, 8), [2, 2, 2, 2]);
        Tensor shifted = inner.roll([1, -1], [1, 2]);
        Assert.AreEqual(1, new LocalitySensitiveTopK(10, 1).Compare(inner, shifted).item<double>());
        double plain = new TopKIntersection(10).Compare(inner, shifted).item<double>();
        Assert.IsTrue(plain < 0.8, $"{plain}");
        Assert.AreEqual(plain, new LocalitySensitiveTopK(10, 0).Compare(inner, shifted).item<double>());
    }

    [TestMethod]
    public void CountsOfLargeMapsAreExact()
    {
        // 300×300 pixels: 4·10⁹ pairs. A map with one exchanged pair of neighbours has exactly one discordant pair.
        using IDisposable scope = NewDisposeScope();
        const int Side = 300;
        const long Pixels = Side * Side;
        double[] values = [.. Enumerable.Range(0, (int)Pixels).Select(i => (double)i)];
        Tensor a = tensor(values).reshape(1, Side, Side);
        (values[777], values[778]) = (values[778], values[777]);
        Tensor b = tensor(values).reshape(1, Side, Side);
        double pairs = Pixels * (Pixels - 1) / 2;
        Assert.AreEqual((pairs - 2) / pairs, new KendallTau().Compare(a, b).item<double>(), 1e-15);
        Assert.AreEqual(-1, new KendallTau().Compare(a, -a).item<double>(), 1e-15);
    }

    [TestMethod]
    public void OnePixelHasNoOrder()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor one = ones(1, 1, 1);
        Assert.IsTrue(double.IsNaN(new KendallTau().Compare(one, one).item<double>()));
        Assert.IsTrue(double.IsNaN(new SpearmanCorrelation().Compare(one, one).item<double>()));
        Assert.IsTrue(double.IsNaN(new PearsonCorrelation().Compare(one, one).item<double>()));
    }

    [TestMethod]
    public void VerySmallMapsLoseNothing()
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor a = randn([2, 5, 5], dtype: ScalarType.Float64, generator: generator);
        Tensor b = randn([2, 5, 5], dtype: ScalarType.Float64, generator: generator);
        foreach (IMapSimilarity similarity in new IMapSimilarity[] { new PearsonCorrelation(), new CosineSimilarity(), new CenterOfMassShift() })
        {
            Values.AreClose(similarity.Compare(a, b), similarity.Compare(a * 1e-200, b * 1e-250), 1e-12, similarity.Name);
        }
    }

    [TestMethod]
    public void OptionsOutsideTheirRangeAreRefusedByName()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new TopKIntersection(0)).Message, "K is 0");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new LocalitySensitiveTopK(1, -1)).Message, "Window is -1");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new StructuralSimilarity(8)).Message, "Window is 8");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new StructuralSimilarity(7, 0)).Message, "Sigma is 0");
    }
}
