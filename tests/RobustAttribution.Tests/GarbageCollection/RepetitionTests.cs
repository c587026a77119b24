using System.Runtime.InteropServices;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.GarbageCollection;

/// <summary>What fails in a user's module because a Scalar was freed is computed again, to the same bits or not at all.</summary>
[TestClass]
public sealed class RepetitionTests
{
    private const string Freed = "Unknown scalar type.\nException raised from type at /pytorch/c10/core/Scalar.h:339 (most recent call first):";

    public static IEnumerable<string> Messages =>
    [
        Freed,
        "Expected false to be true, but got false.  (Could this …)\nException raised from toFloat at C:\\pytorch\\c10\\core\\Scalar.h:140",
        "false INTERNAL ASSERT FAILED at \"/pytorch/c10/core/Scalar.h\":279, please report a bug to PyTorch. ",
        "For integral input tensors, argument alpha must not be a floating point number.\nException raised from alpha_check at BinaryOps.h:19",
    ];

    public static IEnumerable<object[]> Computations =>
    [
        Named("logits", (network, images, _) => network.Logits(images)),
        Named("gradient", (network, images, classes) => new InputGradient().Attribute(network, images, classes)),
        Named("relevance", (network, images, classes) => new LayerwiseRelevance().Attribute(network, images, classes)),
        Named("SmoothGrad", (network, images, classes) => new SmoothGrad { Samples = 3 }.Attribute(network, images, classes)),
        Named("attack", (network, images, classes) => Attacked(new TopKAttack { K = 5, Steps = 3, RandomStart = true, Restarts = 2 }, network, images, classes)),
        Named("noise", (network, images, classes) => Attacked(new RandomNoise(), network, images, classes)),
        Named("deletion", (network, images, classes) => new DeletionCurve { Steps = 3 }.Measure(network, images, classes, images.sum(1)).Values),
        Named("Hessian", (network, images, classes) => WithGenerator(generator => new HessianNorm { Draws = 2 }.Measure(network, images, classes, generator))),
        Named("check", (network, images, _) => tensor(network.Check(images).GradientError)),
    ];

    [TestMethod]
    [DynamicData(nameof(Computations))]
    public void WithANetworkInEvaluationModeAComputationIsRepeated(string name, Func<ImageNetwork, Tensor, Tensor, Tensor> compute)
    {
        using IDisposable scope = NewDisposeScope();
        (ImageNetwork network, Fragile module) = Network();
        network.Backbone.eval();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        double[] expected = Values.Of(compute(network, images, classes)); // also measures what batch size is possible
        module.Fail(Freed);
        CollectionAssert.AreEqual(expected, Values.Of(compute(network, images, classes)));
        int calls = module.Calls;
        foreach (int failing in Enumerable.Range(1, calls))
        {
            module.Fail(Freed, failing);
            CollectionAssert.AreEqual(expected, Values.Of(compute(network, images, classes)), $"{name}, call {failing} of {calls}");
            Assert.IsGreaterThan(failing, module.Calls);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Messages))]
    public void EachKnownMessageIsRecognised(string message)
    {
        using IDisposable scope = NewDisposeScope();
        (ImageNetwork network, Fragile module) = Network();
        network.Backbone.eval();
        module.Fail(message, 1, 2);
        Assert.AreEqual(1, network.Logits(TinyNetworks.Batch(network, 1).Images).shape[0]);
        Assert.AreEqual(3, module.Calls);
    }

    [TestMethod]
    [DataRow("mat1 and mat2 shapes cannot be multiplied", false, 1)]
    [DataRow("Expected false to be true, but got false.\nException raised from check at Dispatch.cpp:7", false, 1)]
    [DataRow("false INTERNAL ASSERT FAILED at \"/pytorch/aten/src/ATen/Context.cpp\":1", false, 1)]
    [DataRow(Freed, true, 1)] // statistics and random draws have moved
    [DataRow(Freed, false, 3)] // whatever it is, it stays
    public void AnyOtherErrorIsThrown(string message, bool training, int calls)
    {
        using IDisposable scope = NewDisposeScope();
        (ImageNetwork network, Fragile module) = Network();
        network.Backbone.train(training);
        module.Fail(message, 1, 2, 3, 4);
        ExternalException error = Assert.ThrowsExactly<ExternalException>(() => network.Logits(TinyNetworks.Batch(network, 2).Images));
        Assert.AreEqual(message, error.Message);
        Assert.AreEqual(calls, module.Calls);
    }

    [TestMethod]
    public void ATrainingStepIsRepeatedToTheSameBits()
    {
        using IDisposable scope = NewDisposeScope();
        IImageBatchSource source = Images();
        ITrainingObjective objective = new LocalGradientAlignment();
        Dictionary<string, double[]> expected = Train([]);

        // Each step has two forward passes: the first of step 2, the second of step 3 twice, both of the last one.
        TrainingProblems.AssertSameBits(expected, Train([3, 6, 8, 14, 15]));
        objective = new NoisyCrossEntropy();
        expected = Train([]);
        TrainingProblems.AssertSameBits(expected, Train([1, 4, 5]));

        Dictionary<string, double[]> Train(int[] failing)
        {
            (ImageNetwork network, Fragile module) = Network();
            Tensor former = get_rng_state();
            try
            {
                using var generator = new Generator(11, CPU);
                set_rng_state(generator.get_state()); // what dropout draws from
                network.RequireDerivative(zeros([1, 2, 8, 8]), Derivative.OfParameters); // tried once for each network, and not counted below
                network.RequireDerivative(zeros([1, 2, 8, 8]), Derivative.Second);
                module.Fail(Freed, failing);
                new RobustTrainer(new TrainingOptions { Objective = objective, Epochs = 1, BatchSize = 4, Seed = 5 }).Fit(network, source);
                Assert.IsGreaterThan(failing.Append(0).Max(), module.Calls);
                return TrainingProblems.Weights(network);
            }
            finally
            {
                set_rng_state(former);
                network.Dispose();
            }
        }
    }

    [TestMethod]
    public void ATrainingEndsWithAnErrorThatStays()
    {
        using IDisposable scope = NewDisposeScope();
        (ImageNetwork network, Fragile module) = Network();
        module.Fail(Freed, 1, 2, 3);
        Assert.ThrowsExactly<ExternalException>(() => new RobustTrainer(new TrainingOptions { Epochs = 1, BatchSize = 4 }).Fit(network, Images()));
        Assert.AreEqual(3, module.Calls);
    }

    private static TensorBatchSource Images() => new(
        (rand(24, 2, 8, 8, generator: new Generator(3, CPU)) * 255).to(ScalarType.Byte).DetachFromDisposeScope(),
        (arange(24) % 4).DetachFromDisposeScope());

    private static (ImageNetwork Network, Fragile Module) Network()
    {
        using var generator = new Generator(1, CPU);
        var module = new Fragile(generator);
        return (new ImageNetwork(module, TinyNetworks.Input(), 4), module);
    }

    private static object[] Named(string name, Func<ImageNetwork, Tensor, Tensor, Tensor> compute) => [name, compute];

    private static Tensor Attacked(IAttributionAttack attack, ImageNetwork network, Tensor images, Tensor classes)
        => WithGenerator(generator => attack.Perturb(network, images, classes, generator).Images);

    private static Tensor WithGenerator(Func<Generator, Tensor> compute)
    {
        using var generator = new Generator(9, CPU);
        return compute(generator);
    }

    /// <summary>Convolution, batch normalisation, softplus, dropout and a head, which fails between dropout and head at some of its calls.</summary>
    private sealed class Fragile : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv, norm = nn.BatchNorm2d(3), activation = new ActivationLayer(TinyNetworks.Smooth);
        private readonly nn.Module<Tensor, Tensor> drop = nn.Dropout(0.3), flatten = nn.Flatten(), fc;
        private string message = string.Empty;
        private int[] failing = [];

        public Fragile(Generator generator)
            : base(nameof(Fragile))
        {
            conv = SeededLayers.Convolution(2, 3, 3, 1, 1, true, generator);
            fc = SeededLayers.Linear(3 * 8 * 8, 4, generator);
            RegisterComponents();
        }

        public int Calls { get; private set; }

        public void Fail(string message, params int[] calls) => (this.message, failing, Calls) = (message, calls, 0);

        public override Tensor forward(Tensor input)
        {
            Tensor hidden = drop.call(activation.call(norm.call(conv.call(input))));
#pragma warning disable CA2201 // the runtime's exception is what TorchSharp throws
            return failing.Contains(++Calls) ? throw new ExternalException(message) : fc.call(flatten.call(hidden));
#pragma warning restore CA2201
        }
    }
}
