using System.Runtime.InteropServices;
using RobustAttribution.MLNet.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace RobustAttribution.MLNet.Tests.Assumptions;

/// <summary>What TorchSharp's automatic differentiation does and does not do.</summary>
[TestClass]
public sealed class AutogradTests
{
    private const int Caught = 3;

    private static readonly Dictionary<string, Func<Tensor, Tensor>> Twice = new()
    {
        ["conv2d"] = x => F.conv2d(x, Normal(1, 3, 2, 3, 3), padding: [1, 1]).pow(3).sum(),
        ["linear"] = x => F.linear(x.flatten(1), Normal(2, 5, 32)).tanh().sum(),
        ["softplus"] = x => F.softplus(x, 3, 20).sum(),
        ["batch_norm"] = x => F.batch_norm(x, Normal(3, 2), Normal(4, 2).square() + 0.5, Normal(5, 2), null, false).sin().sum(),
        ["avg_pool2d"] = x => F.avg_pool2d(x, 2).exp().sum(),
        ["max_pool2d"] = x => F.max_pool2d(x, 2).exp().sum(),
        ["cross_entropy"] = x => F.cross_entropy(x.flatten(1), tensor([3L, 7L])),
        ["interpolate"] = x => F.interpolate(x, [7, 7], mode: InterpolationMode.Bilinear, align_corners: false).pow(3).sum(),
    };

    private static readonly Dictionary<string, Action<Tensor>> Fatal = new()
    {
        ["no scalar"] = x => autograd.grad([x * 2], [x]),
        ["no gradient"] = x => autograd.grad([ones(1)], [x]),
        ["create_graph without retain_graph"] = x =>
        {
            Tensor y = x.exp().sum();
            autograd.grad([y], [x], null, retain_graph: false, create_graph: true);
            autograd.grad([y], [x]);
        },
    };

    public static IEnumerable<string> Operations => Twice.Keys;

    [TestMethod]
    [DynamicData(nameof(Operations))]
    public void TheSecondDerivativeIsThatOfFiniteDifferences(string operation)
    {
        const double Step = 1e-5;
        using var scope = NewDisposeScope();
        (Tensor x, Tensor direction) = (Normal(6, 2, 2, 4, 4).requires_grad_(), Normal(7, 2, 2, 4, 4));
        Tensor product = autograd.grad([Gradient(x, true)], [x], [direction])[0];
        Tensor expected = (Gradient(Beside(Step), false) - Gradient(Beside(-Step), false)) / (2 * Step);
        Assert.IsGreaterThan(1e-3, expected.abs().max().ToDouble());
        Assert.IsLessThan(1e-7, ((product - expected).abs().max() / expected.abs().max().clamp_min(1)).ToDouble());

        Tensor Gradient(Tensor at, bool createGraph) => autograd.grad([Twice[operation](at)], [at], null, createGraph, createGraph)[0];
        Tensor Beside(double step) => (x + (direction * step)).detach().requires_grad_();
    }

    [TestMethod]
    public void TheSecondDerivativeOfSoftplusIsZeroBeyondItsThreshold()
    {
        using var scope = NewDisposeScope();
        Tensor x = tensor([6.6, 6.7]).requires_grad_(); // β·x = 19.8 and 20.1
        Tensor first = autograd.grad([F.softplus(x, 3, 20).sum()], [x], null, true, true)[0];
        Tensor second = autograd.grad([first.sum()], [x])[0];
        Assert.IsGreaterThan(0, second[0].ToDouble());
        Assert.AreEqual(0, second[1].ToDouble());
    }

    [TestMethod]
    public void TheGradientOfAnUnusedInputIsInvalidAndNotNull()
    {
        using var scope = NewDisposeScope();
        (Tensor used, Tensor unused) = (ones(1).requires_grad_(), ones(1).requires_grad_());
        IList<Tensor> gradients = autograd.grad([used * 2], [used, unused], null, false, false, true);
        Assert.IsFalse(gradients[0].IsInvalid);
        Assert.IsNotNull((object)gradients[1]);
        Assert.IsTrue(gradients[1].IsInvalid);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // elsewhere .NET may turn a C++ exception into one of its own
    [DataRow("no scalar", "can be implicitly created only for scalar outputs")]
    [DataRow("no gradient", "does not require grad")]
    [DataRow("create_graph without retain_graph", "backward through the graph a second time")]
    public void AnErrorInAutogradGradEndsTheProcess(string call, string message)
    {
        (int exitCode, string messages) = FreshProcess.Run("autograd", call);
        CollectionAssert.DoesNotContain(new[] { 0, Caught }, exitCode, messages);
        StringAssert.Contains(messages, message);
    }

    [TestMethod]
    public void AnErrorInBackwardIsAnException()
    {
        using var scope = NewDisposeScope();
        Tensor x = ones(2).requires_grad_(), kept = F.relu(x.clone());
        kept.mul_(3);
        StringAssert.Contains(Assert.ThrowsExactly<ExternalException>(() => kept.sum().backward()).Message, "modified by an inplace operation");
        Tensor first = autograd.grad([F.hardsigmoid(x).square().sum()], [x], null, true, true)[0];
        StringAssert.Contains(
            Assert.ThrowsExactly<ExternalException>(() => first.sum().backward()).Message, "derivative for aten::hardsigmoid_backward is not implemented");
    }

    [TestMethod]
    public void InInferenceModeNothingIsRecordedEvenWithGradEnabled()
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        using var recorded = enable_grad();
        Tensor x = ones(1).requires_grad_();
        Assert.IsTrue(x.requires_grad);
        Assert.IsFalse((x * 2).requires_grad);
    }

    /// <summary>In a process of its own: a call that must not be made.</summary>
    public static int Call(string call)
    {
        try
        {
            Fatal[call](ones(2).requires_grad_());
            return 0;
        }
        catch (Exception)
        {
            return Caught;
        }
    }

    private static Tensor Normal(ulong seed, params long[] shape)
    {
        using var generator = new Generator(seed);
        return randn(shape, float64, generator: generator);
    }
}
