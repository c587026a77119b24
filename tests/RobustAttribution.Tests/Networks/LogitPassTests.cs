using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>Gradients that go back module by module are those of autograd, and so are their derivatives.</summary>
[TestClass]
public sealed class LogitPassTests
{
    public static IEnumerable<object[]> Cases
        => from architecture in NetworkTraceTests.Architectures
            from activation in new[] { "ReLU", "softplus" }
            from training in new[] { false, true }
            select new[] { architecture[0], activation, training };

    // Even sizes: every 2×2 pool has windows side by side.
    [TestMethod]
    [DataRow("ReLU")]
    [DataRow("softplus")]
    [DataRow("x², which falls")]
    public void PoolsOfTwoByTwoHaveAutogradsDerivatives(string activation)
        => Compare(new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5 }, activation, false, 16);

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void GradientsAndTheirDerivativesAreAutograds(NetworkArchitecture architecture, string activation, bool training)
        => Compare(architecture, activation, training, 17); // the strides of the residual networks step over the last row and column

    private static void Compare(NetworkArchitecture architecture, string name, bool training, int size)
    {
        using var scope = NewDisposeScope();
        Activation activation = name switch { "ReLU" => Activation.Relu, "softplus" => TinyNetworks.Smooth, _ => new Square() };
        using ImageNetwork network = TinyNetworks.Trained(TinyNetworks.Create(architecture, activation: activation, size: size), 3);
        using IDisposable mode = network.WithMode(training);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
        (double[] Gradient, double[] Logits, double[] Second) expected = Compute(hooked: true), found = Compute(hooked: false);
        Values.AreClose(expected.Logits, found.Logits, 1e-12, "logits");
        Values.AreClose(expected.Gradient, found.Gradient, 1e-11, "gradient");
        Values.AreClose(expected.Second, found.Second, 1e-9, "derivatives of the gradient");

        (double[] Gradient, double[] Logits, double[] Second) Compute(bool hooked)
        {
            using IDisposable hook = hooked ? ForwardHooks.After((nn.Module<Tensor, Tensor>)network.Backbone, (_, _) => null) : new Undo(null);
            Assert.AreEqual(hooked, network.Trace is null);
            Tensor x = network.Normalize(images).requires_grad_(true);
            using LogitPass pass = new("test", network, x, Derivative.Second);
            Tensor gradient = pass.Gradient(classes, createGraph: true), other = pass.Gradient(1 - classes.clamp_max(1), createGraph: true);
            Tensor ofLoss = pass.LossGradient(classes, createGraph: true);
            Values.AreClose(
                autograd.grad([nn.functional.cross_entropy(pass.Logits, classes, reduction: nn.Reduction.Sum)], [x], null, true, true, false)[0],
                ofLoss,
                1e-11);
            Values.AreClose(ofLoss, pass.LossGradient(classes, createGraph: false), 1e-11);
            Tensor[] inner = [x, .. network.Backbone.parameters()];
            using var generator = new Generator(5, CPU);
            Tensor v = randn(x.shape, dtype: ScalarType.Float64, generator: generator);
            Tensor value = (gradient * v).sum() + (gradient - other).square().sum() + (ofLoss.square() * v).sum() + nn.functional.cross_entropy(pass.Logits, classes);
            IList<Tensor> second = autograd.grad([value], inner, null, false, false, true);
            return (Values.Of(gradient), Values.Of(pass.Logits),
                [.. second.Zip(inner).SelectMany(pair => Values.Of(pair.First.IsInvalid ? zeros_like(pair.Second) : pair.First))]);
        }
    }

    [TestMethod]
    public void InFloat32TheyAreThoseOfFloat64()
    {
        foreach (object[] architecture in NetworkTraceTests.Architectures)
        {
            using var scope = NewDisposeScope();
            double[] wide = Gradients(ScalarType.Float64), narrow = Gradients(ScalarType.Float32);
            double size = wide.Max(Math.Abs);
            Values.AreClose([.. wide.Select(value => value / size)], [.. narrow.Select(value => value / size)], 2e-5, $"{architecture[0]}");

            double[] Gradients(ScalarType type)
            {
                // Average pooling and no kinks: rounding does not choose another branch.
                NetworkArchitecture smooth = architecture[0] switch
                {
                    SmallConvNetArchitecture chain => chain with { Pooling = Pooling.Average },
                    LeNetArchitecture chain => chain with { Pooling = Pooling.Average },
                    ResNetArchitecture residual => residual with { Pooling = Pooling.Average },
                    NetworkArchitecture other => other,
                    _ => throw new InvalidOperationException(),
                };
                using ImageNetwork network = TinyNetworks.Trained(TinyNetworks.Create(smooth, channels: 1, size: 16), 3);
                network.MoveTo(CPU, type);
                (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
                Tensor x = network.Normalize(images).requires_grad_(true);
                using LogitPass pass = new("test", network, x, Derivative.Second);
                Tensor gradient = pass.Gradient(classes, createGraph: true);
                Assert.IsTrue(gradient.is_contiguous());
                return Values.Of(gradient);
            }
        }
    }

    [TestMethod]
    public void WhatAHookDoesToAModuleIsPartOfTheGradient()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        double[] before = Gradient();
        var convolution = network.Backbone.modules().OfType<Conv2d>().First();
        convolution.register_forward_hook((_, _, y) => y * 0);
        Assert.IsTrue(before.Any(value => value != 0));
        Assert.IsTrue(Gradient().All(value => value == 0));

        double[] Gradient()
        {
            using LogitPass pass = new("test", network, network.Normalize(images).requires_grad_(true), Derivative.Second);
            return Values.Of(pass.Gradient(classes, createGraph: true));
        }
    }

    [TestMethod]
    public void SlopesAreTheDerivativesOfTheActivations()
    {
        using var scope = NewDisposeScope();
        foreach (Activation activation in new[] { Activation.Relu, Activation.Softplus(3), Activation.Softplus(50) })
        {
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.Float64 })
            {
                Tensor x = linspace(-12, 12, 4001, dtype: type).requires_grad_(true);
                Tensor slope = autograd.grad([activation.Apply(x)], [x], [ones_like(x)], true, true)[0], found = activation.Slope(x);
                double tolerance = type == ScalarType.Float32 ? 1e-6 : 1e-14;
                Values.AreClose(slope, found, tolerance, $"{activation} {type}");
                if (activation.IsSmooth)
                {
                    Values.AreClose(
                        autograd.grad([slope.sum()], [x])[0], autograd.grad([found.sum()], [x])[0], tolerance * 100, $"{activation} {type}, second");
                }
            }
        }
    }

    [TestMethod]
    public void ChannelsLastChangesTheOrderAlone()
    {
        using var scope = NewDisposeScope();
        foreach (int channels in new[] { 1, 2, 3 })
        {
            Tensor images = rand(4, channels, 5, 6);
            Tensor found = ChannelsLast.Of(images);
            CollectionAssert.AreEqual(new long[] { 30 * channels, 1, 6 * channels, channels }, found.stride());
            Values.AreClose(images, found, 0);
            Assert.AreSame(found, ChannelsLast.Of(found));
            Tensor convolved = nn.functional.conv2d(found, rand(7, channels, 3, 3), padding: [1, 1]);
            Assert.AreEqual(1, convolved.stride()[1], "libtorch keeps the order");
        }
    }

    private sealed record Square : Activation
    {
        public override Tensor Apply(Tensor x) => x.square();
    }
}
