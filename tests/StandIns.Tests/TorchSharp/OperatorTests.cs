using TorchSharp;
using static TorchSharp.torch;

namespace StandIns.Tests.Torch;

/// <summary>Operators against loops over plain numbers: mostly that each name calls what it says, with arguments in the right places.</summary>
[TestClass]
public sealed class OperatorTests
{
    public static IEnumerable<object[]> Pointwise()
    {
        object[] Case(string name, Func<Tensor, Tensor> function, Func<double, double> reference) => [name, function, reference];
        yield return Case("abs", x => x.abs(), Math.Abs);
        yield return Case("neg", x => -x, x => -x);
        yield return Case("exp", x => x.exp(), Math.Exp);
        yield return Case("expm1", x => expm1(x), x => Math.Exp(x) - 1);
        yield return Case("log", x => log(x.abs()), x => Math.Log(Math.Abs(x)));
        yield return Case("log2", x => (x * x).log2(), x => Math.Log2(x * x));
        yield return Case("log10", x => (x * x).log10(), x => Math.Log10(x * x));
        yield return Case("log1p", x => (x * x).log1p(), x => Math.Log(1 + (x * x)));
        yield return Case("sqrt", x => sqrt(x.abs()), x => Math.Sqrt(Math.Abs(x)));
        yield return Case("rsqrt", x => x.abs().rsqrt(), x => 1 / Math.Sqrt(Math.Abs(x)));
        yield return Case("square", x => x.square(), x => x * x);
        yield return Case("sign", x => x.sign(), x => Math.Sign(x));
        yield return Case("floor", x => x.floor(), Math.Floor);
        yield return Case("ceil", x => x.ceil(), Math.Ceiling);
        yield return Case("round", x => x.round(), x => Math.Round(x, MidpointRounding.ToEven));
        yield return Case("round 1", x => x.round(1), x => Math.Round(x, 1));
        yield return Case("sin", x => x.sin(), Math.Sin);
        yield return Case("cos", x => x.cos(), Math.Cos);
        yield return Case("tan", x => x.tan(), Math.Tan);
        yield return Case("tanh", x => x.tanh(), Math.Tanh);
        yield return Case("atan", x => x.atan(), Math.Atan);
        yield return Case("acos", x => x.tanh().acos(), x => Math.Acos(Math.Tanh(x)));
        yield return Case("sigmoid", x => x.sigmoid(), x => 1 / (1 + Math.Exp(-x)));
        yield return Case("softplus", x => nn.functional.softplus(x, 2), x => Math.Log(1 + Math.Exp(2 * x)) / 2);
        yield return Case("relu", x => x.relu(), x => Math.Max(x, 0));
        yield return Case("silu", x => x.silu(), x => x / (1 + Math.Exp(-x)));
        yield return Case("elu", x => nn.functional.elu(x, 0.7), x => x > 0 ? x : 0.7 * (Math.Exp(x) - 1));
        yield return Case("leaky_relu", x => nn.functional.leaky_relu(x, 0.2), x => x > 0 ? x : 0.2 * x);
        yield return Case("erf of gelu", x => x.gelu() * 2 / x - 1, x => 1 - (2 * (1 - NormalDistribution(x))));
        yield return Case("reciprocal", x => 3 / x, x => 3 / x);
        yield return Case("arithmetic", x => ((1 - x) * 2 + 0.5) / 4 - 7, x => ((1 - x) * 2 + 0.5) / 4 - 7);
        yield return Case("pow", x => x.pow(3), x => x * x * x);
        yield return Case("remainder", x => x % 0.7, x => x - (Math.Floor(x / 0.7) * 0.7));
        yield return Case("div floor", x => x.div(0.7, RoundingMode.floor), x => Math.Floor(x / 0.7));
        yield return Case("clamp", x => x.clamp(-0.5, 0.8), x => Math.Clamp(x, -0.5, 0.8));
        yield return Case("clamp min", x => x.clamp(min: 0.1), x => Math.Max(x, 0.1));
        yield return Case("clamp tensor", x => x.clamp(full_like(x, -0.2), full_like(x, 0.2)), x => Math.Clamp(x, -0.2, 0.2));
        yield return Case("maximum", x => maximum(x, -x), Math.Abs);
        yield return Case("lerp", x => x.lerp(x * 3, full_like(x, 0.25)), x => x * 1.5);
        yield return Case("addcmul", x => x.addcmul(x, x, 0.5), x => x + (0.5 * x * x));
        yield return Case("addcdiv", x => x.addcdiv(x, x, 0.5), x => x + 0.5);
        yield return Case("where", x => where(x > 0, x, x * 10), x => x > 0 ? x : x * 10);
        yield return Case("masked_fill", x => x.masked_fill(x < 0, 9), x => x < 0 ? 9 : x);
        yield return Case("comparison", x => (x >= 0.5).to(float64), x => x >= 0.5 ? 1 : 0);
        yield return Case("logic", x => ((x > 0) & ~(x > 1)).logical_or(x < -1).to(float64), x => (x > 0 && x <= 1) || x < -1 ? 1 : 0);
        yield return Case("nan_to_num", x => (x / zeros_like(x)).nan_to_num(0, 5, -6), x => x > 0 ? 5 : -6);
        yield return Case("isfinite", x => (x / zeros_like(x)).isfinite().to(float64), _ => 0);
        yield return Case("in place", x => x.clone().add_(1).mul_(2).sub_(3).div_(4).neg_().clamp_(-5, 5), x => Math.Clamp(-((((x + 1) * 2) - 3) / 4), -5, 5));
        yield return Case("copy", x => ones_like(x).zero_().copy_(x).add_(x, 2), x => 3 * x);
    }

    [TestMethod]
    [DynamicData(nameof(Pointwise))]
    public void PointwiseFunction(string name, Func<Tensor, Tensor> function, Func<double, double> reference)
    {
        using var scope = NewDisposeScope();
        var x = Numbers.Normal(8, 30);
        Numbers.AreClose(Numbers.Of(x).Select(reference), function(x), 1e-9, name);
    }

    [TestMethod]
    public void Reductions()
    {
        using var scope = NewDisposeScope();
        var x = Numbers.Normal(4, 2, 3, 5);
        var v = Numbers.Of(x);
        double[] Rows(Func<IEnumerable<double>, double> fold) => [.. v.Chunk(5).Select(fold)];
        double Variance(IEnumerable<double> row, int less)
        {
            double[] values = [.. row];
            return values.Sum(value => Math.Pow(value - values.Average(), 2)) / (values.Length - less);
        }
        Numbers.AreClose([v.Sum()], x.sum());
        Numbers.AreClose([v.Average()], x.mean());
        Numbers.AreClose(Rows(row => row.Sum()), x.sum(2));
        Numbers.AreClose(Rows(row => row.Average()), x.mean([-1]));
        Numbers.HasShape([2, 3, 1], x.mean([2], keepdim: true));
        Numbers.AreClose([v[..15].Sum(), v[15..].Sum()], x.sum([1, 2]));
        Numbers.AreClose([v[..15].Sum(), v[15..].Sum()], x.sum(1, 2));
        Numbers.AreClose(Rows(row => Math.Sqrt(Variance(row, 1))), x.std(2));
        Numbers.AreClose(Rows(row => Variance(row, 0)), x.var(2, unbiased: false));
        Numbers.AreClose([Variance(v, 1)], x.var());
        Numbers.AreClose(Rows(row => row.Max()), x.amax([2]));
        Numbers.AreClose(Rows(row => row.Min()), x.amin([2]));
        Numbers.AreClose(Rows(row => row.Max()), x.max(2).values);
        Numbers.AreClose(Rows(row => row.ToList().IndexOf(row.Max())), x.max(2).indexes);
        Numbers.AreClose(Rows(row => row.ToList().IndexOf(row.Min())), x.argmin(2));
        Numbers.AreClose(Rows(row => row.ToList().IndexOf(row.Max())), x.argmax(-1));
        Numbers.AreClose([Array.IndexOf(v, v.Max())], x.argmax());
        Numbers.AreClose([v.Max(), v.Min()], stack([x.max(), x.min()]));
        Numbers.AreClose(Rows(row => row.Any(value => value > 1) ? 1 : 0), (x > 1).any(2));
        Numbers.AreClose(Rows(row => row.All(value => value > -1) ? 1 : 0), (x > -1).all(2));
        Numbers.AreClose(Rows(row => Math.Sqrt(row.Sum(value => value * value))), x.norm(2));
        Numbers.AreClose(Rows(row => row.Sum(Math.Abs)), linalg.vector_norm(x, 1, [2]));
        Numbers.AreClose([Math.Sqrt(v.Sum(value => value * value))], x.norm());
        Numbers.AreClose([v.Max(Math.Abs)], linalg.vector_norm(x, double.PositiveInfinity));
        Numbers.AreClose(Rows(row => Math.Log(row.Sum(Math.Exp))), x.logsumexp(2));
        Numbers.AreClose([v.Count(value => value > 0)], (x > 0).count_nonzero());
        Numbers.AreClose([.. v.Chunk(5).SelectMany(row => row.Select((_, i) => row[..(i + 1)].Sum()))], x.cumsum(2));
        Numbers.AreClose(Rows(row => row.Order().ElementAt(1)), x.kthvalue(2, 2).values);
        Numbers.AreClose([v.Order().ElementAt(14)], x.median());
        Numbers.AreClose([(v.Order().ElementAt(14) + v.Order().ElementAt(15)) / 2], x.flatten().quantile(tensor(0.5, dtype: float64)));
        Numbers.AreClose(Rows(row => row.Skip(1).Zip(row, (a, b) => (a + b) / 2).Sum() * 0.1), trapz(x, 0.1));
    }

    [TestMethod]
    public void OrderAndSearch()
    {
        using var scope = NewDisposeScope();
        var x = tensor([3.0, 1, 2, 5, 4]);
        Numbers.AreClose([5, 4, 3], x.topk(3).values);
        Numbers.AreClose([3, 4, 0], x.topk(3).indexes);
        Numbers.AreClose([1, 2], x.topk(2, largest: false).values);
        Numbers.AreClose([1, 2, 3, 4, 5], x.sort().Values);
        Numbers.AreClose([3, 4, 0, 2, 1], x.sort(descending: true).Indices);
        Numbers.AreClose([1, 2, 0, 4, 3], x.argsort());
        Numbers.AreClose([3, 4, 0, 2, 1], argsort(x, descending: true));
        Numbers.AreClose([0, 2, 1, 3], tensor([1.0, 2, 1, 2]).sort(stable: true).Indices);
        Numbers.AreClose([1, 2, 2], searchsorted(tensor([1.0, 2, 4]), tensor([1.5, 3, 4])));
        Numbers.AreClose([3], searchsorted(tensor([1.0, 2, 4]), tensor([4.0]), right: true));
        Numbers.AreClose([1, 0], tensor([1.5, 0.5]).bucketize(tensor([1.0, 2])));
        var (values, inverse, counts) = tensor([2L, 1, 2]).unique(return_inverse: true, return_counts: true);
        Numbers.AreClose([1, 2], values);
        Numbers.AreClose([1, 0, 1], inverse!);
        Numbers.AreClose([1, 2], counts!);
        Numbers.AreClose([1, 2, 0, 1], tensor([0L, 1, 1, 3]).bincount(null));
        Numbers.AreClose([1, 3], tensor([0.0, 1, 0, 2]).nonzero());
    }

    [TestMethod]
    public void GatherAndScatter()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Numbers.AreClose([3, 1, 5, 5], x.gather(1, tensor(new long[,] { { 2, 0 }, { 1, 1 } })));
        Numbers.AreClose([3, 1, 6, 4], x.index_select(1, tensor([2L, 0])));
        Numbers.AreClose([6, 1], x.take(tensor([5L, 0])));
        Numbers.AreClose([0, 7, 0], zeros([3], float64).scatter(0, tensor([1L]), tensor([7.0])));
        Numbers.AreClose([5, 0, 4], zeros([3], float64).scatter_add(0, tensor([0L, 2, 0]), tensor([2.0, 4, 3])));
        Numbers.AreClose([2, 4, 6], x.masked_select(x.remainder(2) == 0));
        Numbers.AreClose([1, 2, 3, 8, 10, 12], x.clone().index_add_(0, tensor([1L]), x[1].unsqueeze(0), 1));
    }

    [TestMethod]
    public void ShapesAndOrder()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, dtype: float64).reshape(2, 3);
        Numbers.AreClose([0, 3, 1, 4, 2, 5], x.transpose(0, 1));
        Numbers.AreClose([0, 3, 1, 4, 2, 5], x.permute(1, 0));
        Numbers.AreClose([2, 1, 0, 5, 4, 3], x.flip(1));
        Numbers.AreClose([2, 0, 1, 5, 3, 4], x.roll(1, 1));
        Numbers.AreClose([5, 3, 4, 2, 0, 1], roll(x, (1, 1), (0, 1)));
        Numbers.AreClose([2, 5, 1, 4, 0, 3], x.rot90());
        Numbers.AreClose([1, 2, 4, 5], x.narrow(1, 1, 2));
        Numbers.AreClose([0, 2, 3, 5], x.slice(1, 0, 3, 2));
        Numbers.AreClose([2, 5], x.select(1, 2));
        Numbers.AreClose([0, 0, 0, 3, 4, 0], x.tril());
        Numbers.AreClose([0, 1, 2, 0, 4, 5], x.triu());
        Numbers.AreClose([0, 4], x.diag());
        Numbers.AreClose([1, 1, 1, 1], x.diff());
        Numbers.AreClose([0, 0, 1, 1, 2, 2], x[0].repeat_interleave(2));
        Numbers.AreClose([0, 1, 2, 0, 1, 2], x[0].repeat(2));
        Numbers.HasShape([4, 2, 3], x.expand(4, -1, -1));
        Numbers.HasShape([2, 3], x.unsqueeze(1).squeeze(1));
        Numbers.HasShape([6], x.flatten());
        Numbers.HasShape([2, 3, 1], x.unflatten(1, 3, 1));
        Numbers.HasShape([3, 1, 2], zeros([2, 3, 1]).movedim([0, 1], [2, 0]));
        CollectionAssert.AreEqual(new long[] { 2, 1 }, x.split(2, 1).Select(part => part.size(1)).ToArray());
        CollectionAssert.AreEqual(new long[] { 1, 2 }, x.split([1, 2], 1).Select(part => part.size(1)).ToArray());
        Assert.HasCount(3, x.chunk(3, 1));
        Numbers.AreClose([3, 4, 5], x.unbind()[1]);
        Numbers.AreClose([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], cat([x, x]));
        Numbers.HasShape([2, 2, 3], stack([x, x], 1));
        var grid = meshgrid([tensor([1.0, 2]), tensor([3.0, 4])]);
        Numbers.AreClose([1, 1, 2, 2, 3, 4, 3, 4], cat(grid));
        Numbers.AreClose([1, 2, 1, 2], meshgrid([tensor([1.0, 2]), tensor([3.0, 4])], "xy")[0]);
        Numbers.AreClose([0, 1, 3, 1, 2, 4, 3, 4, 5], arange(6, dtype: float64)[tensor(new long[,] { { 0, 1, 3 }, { 1, 2, 4 }, { 3, 4, 5 } })]);
    }

    [TestMethod]
    public void Products()
    {
        using var scope = NewDisposeScope();
        Tensor a = Numbers.Normal(1, 2, 3), b = Numbers.Normal(2, 3, 4);
        double[] expected = new double[8];
        for (var i = 0; i < 2; i++)
            for (var j = 0; j < 4; j++)
                for (var k = 0; k < 3; k++)
                    expected[(i * 4) + j] += a[i, k].ToDouble() * b[k, j].ToDouble();
        Numbers.AreClose(expected, a.matmul(b));
        Numbers.AreClose(expected, mm(a, b));
        Numbers.AreClose(expected, einsum("ij,jk->ik", a, b));
        Numbers.AreClose(expected, a.unsqueeze(0).bmm(b.unsqueeze(0)));
        Numbers.AreClose(expected, nn.functional.linear(a, b.T));
        Numbers.AreClose([(a[0] * a[1]).sum().ToDouble()], a[0].dot(a[1]));
        Numbers.AreClose(Numbers.Of(a[0].unsqueeze(1) * a[1]), a[0].outer(a[1]));
    }

    [TestMethod]
    public void ClosenessAndEquality()
    {
        using var scope = NewDisposeScope();
        Tensor x = tensor([1.0, 2]), near = tensor([1.0, 2 + 1e-9]);
        Assert.IsTrue(x.allclose(near));
        Assert.IsFalse(x.allclose(near, rtol: 0, atol: 1e-12));
        Assert.IsFalse(x.Equals(near));
        Assert.IsTrue(x.Equals(x.clone()));
        Assert.IsFalse(tensor([double.NaN]).allclose(tensor([double.NaN])));
        Assert.IsTrue(tensor([double.NaN]).allclose(tensor([double.NaN]), equal_nan: true));
        Numbers.AreClose([0, 1], tensor([1.0, double.NaN]).isnan());
    }

    /// <summary>By Simpson's rule.</summary>
    private static double NormalDistribution(double x)
    {
        const int steps = 2000;
        double Density(double t) => Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI);
        var width = x / steps;
        var sum = Density(0) + Density(x);
        for (var i = 1; i < steps; i++) sum += (i % 2 == 0 ? 2 : 4) * Density(i * width);
        return 0.5 + (sum * width / 3);
    }
}
