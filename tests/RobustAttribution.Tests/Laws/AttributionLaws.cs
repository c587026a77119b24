using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

/// <summary>What every attribution of <see cref="AttributionTable"/> promises, on chains and on residual networks, smooth or with ReLU.</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class AttributionLaws
{
    public static IEnumerable<object[]> Cases => AttributionTable.Cases("chain", "residual", "wide", "sequential", "torchvision");

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ValuesAreFiniteAndOfTheRightShape(int row, string kind)
    {
        foreach (Activation activation in new[] { Activation.Relu, TinyNetworks.Smooth })
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = AttributionTable.Network(kind, activation, type);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);

            Tensor attribution = AttributionTable.Rows[row].Attribute(network, images, classes);

            CollectionAssert.AreEqual(
                new long[] { 3, AttributionTable.Rows[row] is GradCam or ClassActivationMap ? 1 : 2, 8, 8 }, attribution.shape);
            Assert.AreEqual(type, attribution.dtype);
            Assert.IsFalse(attribution.requires_grad);
            Assert.IsTrue(Values.Of(attribution).All(double.IsFinite));
            Assert.IsTrue(AttributionTable.Rows[row] is GradCam || Values.Of(attribution).Any(value => value != 0));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void AnImageIsExplainedAsIfItWereAlone(int row, string kind)
    {
        foreach (Activation activation in new[] { Activation.Relu, TinyNetworks.Smooth })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = AttributionTable.Network(kind, activation);
            (Tensor images, _) = TinyNetworks.Batch(network);
            Tensor classes = tensor(new long[] { 2, 0, 3 }, device: network.Device);

            Tensor together = AttributionTable.Rows[row].Attribute(network, images, classes);

            for (int i = 0; i < 3; i++)
            {
                Values.AreClose(
                    together.narrow(0, i, 1), AttributionTable.Rows[row].Attribute(network, images.narrow(0, i, 1), classes.narrow(0, i, 1)), 1e-9);
            }

            Tensor others = AttributionTable.Rows[row].Attribute(network, images, tensor(new long[] { 1, 1, 1 }, device: network.Device));
            Assert.IsFalse(together.eq(others).all().ToBoolean(), "the class matters");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TwiceIsTheSame(int row, string kind)
    {
        TestDevice.RequireRepeatable();
        using var scope = NewDisposeScope();
        using ImageNetwork network = AttributionTable.Network(kind, Activation.Relu, ScalarType.Float32);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        Tensor first = AttributionTable.Rows[row].Attribute(network, images, classes);
        rand([5]); // the global generator has no say
        Assert.IsTrue(first.eq(AttributionTable.Rows[row].Attribute(network, images, classes)).all().ToBoolean());
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheDerivativeIsThatOfCentralDifferences(int row, string kind)
    {
        // The share that ε takes has a kink of width ε at every output: a wide one can be walked around.
        IAttributionMethod method = AttributionTable.Rows[row] is LayerwiseRelevance relevance
            ? relevance with
            {
                Composite = relevance.Composite with { Dense = Wide(relevance.Composite.Dense),
                    Convolution = Wide(relevance.Composite.Convolution) },
            }
            : AttributionTable.Rows[row];
        using var scope = NewDisposeScope();
        using ImageNetwork network = AttributionTable.Network(kind, TinyNetworks.Smooth);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        if (!method.IsDifferentiable)
        {
            StringAssert.Contains(
                Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes, createGraph: true)).Message,
                method.GetType().Name);
            return;
        }

        using var generator = new Generator(21, CPU);
        Tensor weights = randn(method.Attribute(network, images, classes).shape, ScalarType.Float64, CPU, false, generator).to(network.Device);
        Tensor parameter = network.Backbone.parameters().First();
        Tensor point = images.clone().requires_grad_(true);

        Tensor attribution = method.Attribute(network, point, classes, createGraph: true);
        IList<Tensor> gradients = autograd.grad([(attribution * weights).sum()], [point, parameter], null, true, false, true);
        Assert.IsFalse(gradients[0].IsInvalid, "depends on the images");
        Assert.IsFalse(gradients[1].IsInvalid, "depends on the parameters");

        Values.AreClose(method.Attribute(network, images, classes), attribution, 1e-12, "the graph changes no value");
        foreach ((Tensor variable, Tensor gradient) in new[] { (images, gradients[0]), (parameter, gradients[1]) })
        {
            using var mode = no_grad();
            Tensor direction = randn(variable.shape, ScalarType.Float64, CPU, false, generator).to(network.Device);
            double expected = (Moved(variable, direction, 1e-7) - Moved(variable, direction, -1e-7)) / 2e-7;
            double actual = (gradient * direction).sum().ToDouble();
            Assert.AreEqual(expected, actual, 1e-6 * Math.Max(1, Math.Abs(expected)));
            Assert.AreNotEqual(0, actual);
        }

        static RelevanceRule Wide(RelevanceRule rule) => rule is EpsilonRule ? new EpsilonRule { Epsilon = 0.1 } : rule;

        double Moved(Tensor variable, Tensor direction, double step)
        {
            variable.add_(direction * step);
            double value = (method.Attribute(network, images, classes) * weights).sum().ToDouble();
            variable.sub_(direction * step);
            return value;
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void NothingIsLeftBehind(int row, string kind)
    {
        IAttributionMethod method = AttributionTable.Rows[row];
        using ImageNetwork inner = AttributionTable.Network(kind, Activation.Relu);
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        network.Backbone.eval();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using Tensor wrong = full_like(classes, network.ClassCount), tooFew = classes.narrow(0, 0, 2).clone();
        method.Attribute(network, images, classes).Dispose(); // what is made once, is made
        counter.Reset();
        NetworkState state = NetworkState.Of(network);

        method.Attribute(network, images, classes).Dispose();
        state.IsUnchanged("normal");
        int calls = counter.Calls;

        if (method.IsDifferentiable)
        {
            using Tensor point = images.clone().requires_grad_(true);
            NetworkState withPoint = NetworkState.Of(network);
            method.Attribute(network, point, classes, createGraph: true).Dispose();
            withPoint.IsUnchanged("with a graph");
        }

        foreach (Tensor bad in new[] { wrong, tooFew })
        {
            Assert.ThrowsExactly<ArgumentException>(() => method.Attribute(network, images, bad));
            state.IsUnchanged("wrong class");
        }

        for (int failing = 1; failing <= Math.Min(calls, 3); failing++)
        {
            counter.Reset();
            counter.FailingCall = failing;
            Assert.ThrowsExactly<InvalidOperationException>(() => method.Attribute(network, images, classes));
            counter.FailingCall = 0;
            state.IsUnchanged($"network throws at call {failing}");
        }

        using (NewDisposeScope())
        {
            method.Attribute(network, images, classes);
        }

        state.IsUnchanged("the caller's dispose scope owns the result");
        images.Dispose();
        classes.Dispose();
    }

    [TestMethod]
    public void LogitsThatComeForFreeAreTheLogits()
    {
        foreach (SinglePassAttribution method in AttributionTable.Rows.OfType<SinglePassAttribution>())
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Residual();
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            (Tensor attribution, Tensor logits) = method.AttributeWithLogits(network, images, classes);
            Values.AreClose(method.Attribute(network, images, classes), attribution, 0);
            Values.AreClose(network.Logits(images), logits, 1e-12);
            Assert.IsFalse(logits.requires_grad);

            (Tensor ofPredicted, Tensor again) = method.AttributePredicted(network, images);
            Values.AreClose(method.Attribute(network, images, logits.argmax(1)), ofPredicted, 0);
            Values.AreClose(logits, again, 0);
            Assert.IsFalse(ofPredicted.requires_grad);
            Assert.ThrowsExactly<ArgumentException>(() => method.AttributePredicted(network, images.narrow(2, 0, 3)));
        }
    }
}
