using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

/// <summary>What every objective of <see cref="ObjectiveTable"/> promises, on smooth and on ReLU networks.</summary>
[TestClass]
[TestCategory("Gpu")]
public sealed class ObjectiveLaws
{
    public static IEnumerable<object[]> Cases
        => from row in Enumerable.Range(0, ObjectiveTable.Rows.Count) from relu in new[] { false, true } select new object[] { row, relu };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheLossIsAFiniteScalarThatEveryParameterHasAGradientOf(int row, bool relu)
    {
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = Network(relu, type);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            using ObjectiveResult result = Evaluate(ObjectiveTable.Rows[row].Objective, network, images, classes);
            Assert.AreEqual(0L, result.Loss.dim());
            Assert.AreEqual(type, result.Loss.dtype);
            Assert.IsTrue(double.IsFinite(result.Loss.to_type(ScalarType.Float64).ToDouble()));
            CollectionAssert.AreEqual(new long[] { 3, 4 }, result.Logits.shape);
            Assert.IsFalse(result.Logits.requires_grad);
            foreach (Tensor gradient in Gradients(result.Loss, network))
            {
                Assert.IsTrue(gradient.isfinite().all().ToBoolean());
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void TheTermsAreNamedAndDetached(int row, bool relu)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using ObjectiveResult result = Evaluate(ObjectiveTable.Rows[row].Objective, network, images, classes);
        CollectionAssert.AreEqual(ObjectiveTable.Rows[row].Terms, result.Terms.Select(term => term.Name).ToArray());
        Assert.IsTrue(result.Terms.All(term => term.Value.dim() == 0 && !term.Value.requires_grad));
        Values.AreClose(nn.functional.cross_entropy(result.Logits, classes), result.Terms[0].Value, 1e-14);
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void WithWeightZeroItIsCrossEntropyBitForBitAndAsCheap(int row, bool relu)
    {
        TestDevice.RequireRepeatable();
        using var scope = NewDisposeScope();
        using ImageNetwork inner = Network(relu, ScalarType.Float32);
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using Tensor weights = tensor(new[] { 1f, 2f, 0.5f, 1.5f });
        using ObjectiveResult plain = Evaluate(new CrossEntropy(), network, images, classes, weights);
        Assert.AreEqual(1, counter.Calls);
        counter.Reset();
        using ObjectiveResult weightless = Evaluate(ObjectiveTable.Rows[row].Weightless, network, images, classes, weights);
        Assert.AreEqual(1, counter.Calls);
        Assert.IsTrue(plain.Loss.eq(weightless.Loss).all().ToBoolean());
        Assert.HasCount(1, weightless.Terms);
        foreach ((Tensor expected, Tensor found) in Gradients(plain.Loss, network).Zip(Gradients(weightless.Loss, network)))
        {
            Assert.IsTrue(expected.eq(found).all().ToBoolean());
        }
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void ASeedRepeatsTheLoss(int row, bool relu)
    {
        TestDevice.RequireRepeatable();
        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(relu, ScalarType.Float32);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using ObjectiveResult first = Evaluate(ObjectiveTable.Rows[row].Objective, network, images, classes),
            second = Evaluate(ObjectiveTable.Rows[row].Objective, network, images, classes);
        Assert.IsTrue(first.Loss.eq(second.Loss).all().ToBoolean());
    }

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void NothingIsLeftBehind(int row, bool relu)
    {
        ITrainingObjective objective = ObjectiveTable.Rows[row].Objective;
        using ImageNetwork inner = Network(relu);
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        network.Backbone.train();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        using Tensor tooFew = classes.narrow(0, 0, 2).clone();
        Evaluate(objective, network, images, classes).Dispose(); // what is made once, is made
        counter.Reset();
        Evaluate(objective, network, images, classes).Dispose();
        int calls = counter.Calls;
        NetworkState state = NetworkState.Of(network);

        Evaluate(objective, network, images, classes).Dispose();
        state.IsUnchanged("normal");

        Assert.ThrowsExactly<ArgumentException>(() => Evaluate(objective, network, images, tooFew));
        state.IsUnchanged("wrong class");

        for (int failing = 1; failing <= calls; failing++)
        {
            counter.Reset();
            counter.FailingCall = failing;
            Assert.ThrowsExactly<InvalidOperationException>(() => Evaluate(objective, network, images, classes));
            counter.FailingCall = 0;
            state.IsUnchanged($"network throws at call {failing}");
        }

        using (var scope = NewDisposeScope())
        {
            Evaluate(objective, network, images, classes);
        }

        state.IsUnchanged("the caller's dispose scope owns the result");
        images.Dispose();
        classes.Dispose();
    }

    [TestMethod]
    public void ClassWeightsOfAnotherLengthAreNamed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Network(false);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => Evaluate(new CrossEntropy(), network, images, classes, ones([3], ScalarType.Float64)));
        StringAssert.Contains(error.Message, "[3]");
        StringAssert.Contains(error.Message, "Float64 [4]");
    }

    internal static ObjectiveResult Evaluate(
        ITrainingObjective objective, ImageNetwork network, Tensor images, Tensor classes, Tensor? weights = null)
    {
        using var generator = new Generator(13, CPU);
        return objective.Evaluate(network, images, classes, generator, weights);
    }

    internal static Tensor[] Gradients(Tensor loss, ImageNetwork network)
    {
        Tensor[] parameters = [.. network.Backbone.parameters()];
        return [.. autograd.grad([loss], parameters, null, true, false, false)];
    }

    private static ImageNetwork Network(bool relu, ScalarType type = ScalarType.Float64)
        => TinyNetworks.Convolutional(3, relu ? Activation.Relu : null, type: type);
}
