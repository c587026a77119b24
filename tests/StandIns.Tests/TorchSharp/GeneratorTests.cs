using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

[TestClass]
public sealed class GeneratorTests
{
    public static IEnumerable<object[]> Draws()
    {
        yield return ["rand", (Generator g) => rand([50], generator: g)];
        yield return ["rand float64", (Generator g) => rand([50], float64, generator: g)];
        yield return ["randn", (Generator g) => randn([5, 10], generator: g)];
        yield return ["randint", (Generator g) => randint(-5, 1000, [50], generator: g)];
        yield return ["randperm", (Generator g) => randperm(50, generator: g)];
        yield return ["uniform_", (Generator g) => empty([50]).uniform_(-1, 1, g)];
        yield return ["normal_", (Generator g) => empty([50]).normal_(2, 3, g)];
        yield return ["bernoulli_", (Generator g) => empty([50]).bernoulli_(0.5, g)];
        yield return ["exponential_", (Generator g) => empty([50]).exponential_(1.5, g)];
        yield return ["multinomial", (Generator g) => ones([60]).multinomial(50, generator: g)];
    }

    [TestMethod]
    [DynamicData(nameof(Draws))]
    public void SameSeedSameNumbers(string name, Func<Generator, Tensor> draw)
    {
        using var scope = NewDisposeScope();
        using Generator one = new(42), same = new(42), other = new(43);
        var first = draw(one);
        Assert.IsTrue(first.Equals(draw(same)), name);
        Assert.IsFalse(first.Equals(draw(one)), name);
        Assert.IsFalse(first.Equals(draw(other)), name);
    }

    [TestMethod]
    [DynamicData(nameof(Draws))]
    public void StateResumes(string name, Func<Generator, Tensor> draw)
    {
        using var scope = NewDisposeScope();
        using Generator one = new(7), resumed = new(1);
        draw(one);
        var state = one.get_state();
        var next = draw(one);
        resumed.set_state(state);
        Assert.IsTrue(next.Equals(draw(resumed)), name);
        one.set_state(state);
        Assert.IsTrue(next.Equals(draw(one)), name);
    }

    [TestMethod]
    public void SeedIsKeptAndCanBeSet()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        Assert.AreEqual(5, generator.initial_seed());
        var first = rand([4], generator: generator);
        generator.manual_seed(5);
        Assert.IsTrue(first.Equals(rand([4], generator: generator)));
        Assert.AreEqual(DeviceType.CPU, generator.device.type);
    }

    [TestMethod]
    public void OwnGeneratorLeavesTheDefaultOneAlone()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var expected = rand([4]);
        manual_seed(3);
        using var generator = new Generator(9);
        rand([100], generator: generator);
        Assert.IsTrue(expected.Equals(rand([4])));
    }

    [TestMethod]
    public void DefaultGeneratorDrawsWhatPyTorchDraws()
    {
        using var scope = NewDisposeScope();
        manual_seed(0);
        Numbers.AreClose([0.49625658988952637, 0.7682217955589294, 0.08847743272781372], rand([3]));
        manual_seed(0);
        Numbers.AreClose([1.5409960746765137, -0.293428897857666, -2.1787893772125244], randn([3]));
        manual_seed(0);
        using var layer = nn.Linear(2, 2);
        Numbers.AreClose([-0.005293981172144413, 0.37932288646698, -0.5819807648658752, -0.5203874707221985], layer.weight!);
        Numbers.AreClose([-0.27234524488449097, 0.1896158903837204], layer.bias!);
        using var convolution = nn.Conv2d(1, 1, 2);
        Numbers.AreClose([-0.009906589984893799, 0.39644473791122437, -0.04437202215194702, 0.1323062777519226], convolution.weight!);
    }

    [TestMethod]
    public void DrawsHaveTheirDistribution()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var normal = empty([20000], float64).normal_(2, 3, generator);
        Assert.AreEqual(2, normal.mean().ToDouble(), 0.1);
        Assert.AreEqual(3, normal.std().ToDouble(), 0.1);
        var uniform = empty([20000], float64).uniform_(-1, 3, generator);
        Assert.AreEqual(1, uniform.mean().ToDouble(), 0.05);
        Assert.IsGreaterThanOrEqualTo(-1, uniform.min().ToDouble());
        Assert.IsLessThan(3, uniform.max().ToDouble());
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 9).Select(i => (double)i).ToArray(), Numbers.Of(randperm(9, generator: generator)));
    }
}
