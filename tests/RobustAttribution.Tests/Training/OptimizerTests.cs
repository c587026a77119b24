using RobustAttribution.Serialization;
using RobustAttribution.Tests.References;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class OptimizerTests
{
    private const int Size = 5;
    private const int Steps = 7;
    private const double Rate = 0.03;

    private static IEnumerable<object[]> SgdCases
        => from momentum in new[] { 0, 0.9 } from nesterov in new[] { false, true } from decay in new[] { 0, 0.05 }
            select new object[] { momentum, nesterov, decay };

    [TestMethod]
    [DynamicData(nameof(SgdCases))]
    public void SgdFollowsItsDefinition(double momentum, bool nesterov, double decay)
    {
        foreach (int seed in new[] { 1, 2, 3 })
        {
            double[] expected = Start(seed);
            OptimizerReferences.Sgd(expected, step => Gradient(seed, step), Steps, Rate, momentum, nesterov, decay);
            AssertClose(expected, Run(new Sgd { Momentum = momentum, Nesterov = nesterov, WeightDecay = decay }, seed));
        }
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.05)]
    public void AdamFollowsItsDefinition(double decay)
    {
        foreach (int seed in new[] { 1, 2, 3 })
        {
            double[] expected = Start(seed);
            OptimizerReferences.Adam(expected, step => Gradient(seed, step), Steps, Rate, 0.8, 0.95, 1e-6, decay, decoupled: false);
            AssertClose(expected, Run(new Adam { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = decay }, seed));
        }
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.05)]
    public void AdamWFollowsItsDefinition(double decay)
    {
        foreach (int seed in new[] { 1, 2, 3 })
        {
            double[] expected = Start(seed);
            OptimizerReferences.Adam(expected, step => Gradient(seed, step), Steps, Rate, 0.8, 0.95, 1e-6, decay, decoupled: true);
            AssertClose(expected, Run(new AdamW { Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6, WeightDecay = decay }, seed));
        }
    }

    [TestMethod]
    public void TheRulesAreThoseOfTorchOptim()
    {
        AssertClose(RunTorch(parameters => optim.SGD(parameters, Rate, 0.9, 0, 0.02, true), 4), Run(new Sgd { WeightDecay = 0.02 }, 4));
        AssertClose(RunTorch(parameters => optim.Adam(parameters, Rate, 0.9, 0.999, 1e-8, 0.02), 4), Run(new Adam { WeightDecay = 0.02 }, 4));
        AssertClose(RunTorch(parameters => optim.AdamW(parameters, Rate, 0.9, 0.999, 1e-8, 0.02), 4), Run(new AdamW { WeightDecay = 0.02 }, 4));
    }

    [TestMethod]
    public void AParameterWithoutGradientStaysAndDoesNotAge()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor used = ones(2, dtype: ScalarType.Float64).requires_grad_(true);
        Tensor unused = ones(2, dtype: ScalarType.Float64).requires_grad_(true);
        using var state = new OptimizerState(new Adam { WeightDecay = 0.1 },
            [new TrainedParameter("used", used, 1), new TrainedParameter("unused", unused, 1)]);
        IList<Tensor> gradients = autograd.grad([(used * 3).sum()], [used, unused], null, false, false, true);
        state.Update(gradients, 0.1, clipNorm: 1);
        CollectionAssert.AreEqual(new[] { 1.0, 1.0 }, unused.detach().data<double>().ToArray());
        CollectionAssert.AreEqual(new[] { 1L, 0L }, state.Steps.ToArray());
        Assert.AreEqual(0.9, used.detach()[0].item<double>(), 1e-6);
    }

    [TestMethod]
    public void ClippingScalesAllGradientsToOneNorm()
    {
        using IDisposable scope = NewDisposeScope();
        Tensor[] gradients = [tensor(new[] { 3.0, 0 }), tensor(new[] { 0.0, 4.0 })];
        Assert.AreEqual(0.5 / (5 + 1e-6), OptimizerState.ClippingFactor(gradients, 0.5)!.item<double>(), 1e-15);
        Assert.AreEqual(1, OptimizerState.ClippingFactor(gradients, 6)!.item<double>());
    }

    [TestMethod]
    public void OptionsOutsideTheirRangeAreRefusedByName()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Sgd { Momentum = 1.5 }).Message, "Momentum is 1.5");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Adam { Beta2 = 1 }).Message, "Beta2 is 1");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AdamW { WeightDecay = -1 }).Message, "WeightDecay is -1");
    }

    [TestMethod]
    public void EveryOptimizerIsReadBackFromJson()
    {
        foreach (IOptimizer optimizer in new IOptimizer[]
        {
            new Sgd { Momentum = 0.8, Nesterov = false }, new Adam { Beta1 = 0.5 }, new AdamW { WeightDecay = 0.3 },
        })
        {
            Assert.AreEqual(optimizer, ComponentJson.Read<IOptimizer>(ComponentJson.Write(optimizer)));
        }
    }

    private static double[] Start(int seed) => [.. Enumerable.Range(0, Size).Select(i => Math.Sin((seed * 31) + i))];

    private static double[] Gradient(int seed, int step)
        => [.. Enumerable.Range(0, Size).Select(i => Math.Cos((seed * 17) + (step * 1.7) + (i * 0.9)) * (i + 1))];

    private static double[] Run(IOptimizer optimizer, int seed)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor parameter = tensor(Start(seed));
        using var state = new OptimizerState(optimizer, [new TrainedParameter("w", parameter, 1)]);
        for (int step = 1; step <= Steps; step++)
        {
            state.Update([tensor(Gradient(seed, step))], Rate, clipNorm: null);
        }

        return parameter.data<double>().ToArray();
    }

    private static double[] RunTorch(Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> create, int seed)
    {
        using IDisposable scope = NewDisposeScope();
        var parameter = new TorchSharp.Modules.Parameter(tensor(Start(seed)));
        using optim.Optimizer optimizer = create([parameter]);
        for (int step = 1; step <= Steps; step++)
        {
            optimizer.zero_grad();
            (parameter * tensor(Gradient(seed, step))).sum().backward();
            optimizer.step();
        }

        return parameter.detach().data<double>().ToArray();
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], 1e-12, $"value {i}");
        }
    }
}
