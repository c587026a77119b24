using RobustAttribution.Attacks;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using static RobustAttribution.Tests.Fixtures.TrainingProblems;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class PrecisionTests
{
    private const int Count = 8;

    // Without steps where the sign of a tiny gradient would decide: of a fresh residual network in evaluation mode, which explodes.
    private static readonly Dictionary<string, Func<bool, ITrainingObjective>> Objectives = new()
    {
        [nameof(CrossEntropy)] = _ => new CrossEntropy(),
        [nameof(AdversarialCrossEntropy)] = walks => new AdversarialCrossEntropy { Attack = new ProjectedGradientDescent { Steps = walks ? 7 : 0 } },
        [nameof(LocalGradientAlignment)] = _ => new LocalGradientAlignment(),
        [nameof(HessianNormPenalty)] = walks => new HessianNormPenalty { Weight = walks ? 1e4 : 1e-3 },
        [nameof(InputGradientPenalty)] = _ => new InputGradientPenalty(),
        [nameof(IntegratedGradientNorm)] = _ => new IntegratedGradientNorm { Attack = new IntegratedGradientNormAttack { Steps = 0 }, Points = 2 },
        [nameof(SpatialAlignment)] = walks => new SpatialAlignment { Attack = new AlignmentAttack { Steps = walks ? 3 : 0 } },
    };

    private static readonly Dictionary<string, Func<Activation, ImageNetwork>> Networks = new()
    {
        ["SmallConvNet"] = activation => BuiltIn(new SmallConvNetArchitecture(), 1, 28, activation),
        ["SmallConvNet, average"] = activation => BuiltIn(new SmallConvNetArchitecture { Pooling = Pooling.Average }, 1, 28, activation),
        ["LeNet"] = activation => BuiltIn(NetworkArchitecture.LeNet, 3, 32, activation),
        ["ResNet-18"] = activation => BuiltIn(new ResNetArchitecture { Width = 16, Stem = ResNetStem.SmallImages }, 3, 32, activation),
        ["TorchVision's resnet18"] = TorchVision,
    };

    public static IEnumerable<object[]> Gradients
        => from network in Networks.Keys from objective in Objectives.Keys select new object[] { network, objective };

    // Every module with an activation function that LayerKinds knows, and every pooling.
    private static readonly Dictionary<string, Func<nn.Module<Tensor, Tensor>>> Layers = new()
    {
        ["ActivationLayer(ReLU)"] = () => new ActivationLayer(),
        ["ActivationLayer(Softplus)"] = () => new ActivationLayer(Activation.Softplus(3)),
        ["ReLU"] = () => nn.ReLU(),
        ["ReLU in place"] = () => nn.ReLU(inplace: true),
        ["ReLU6"] = () => nn.ReLU6(),
        ["LeakyReLU"] = () => nn.LeakyReLU(0.1),
        ["Softplus"] = () => nn.Softplus(),
        ["SiLU"] = () => nn.SiLU(),
        ["GELU"] = () => nn.GELU(),
        ["ELU"] = () => nn.ELU(),
        ["SELU"] = () => nn.SELU(),
        ["CELU"] = () => nn.CELU(),
        ["Sigmoid"] = () => nn.Sigmoid(),
        ["Tanh"] = () => nn.Tanh(),
        ["LogSigmoid"] = () => nn.LogSigmoid(),
        ["Hardswish"] = () => nn.Hardswish(),
        ["Tanhshrink"] = () => nn.Tanhshrink(),
        ["PReLU"] = () => nn.PReLU(4),
        ["BatchNorm2d"] = () => nn.BatchNorm2d(4),
        ["GroupNorm"] = () => nn.GroupNorm(2, 4),
        ["InstanceNorm2d"] = () => nn.InstanceNorm2d(4),
        ["Dropout"] = () => nn.Dropout(0.1),
        ["MaxPool2d"] = () => nn.MaxPool2d(2),
        ["AvgPool2d"] = () => nn.AvgPool2d(2),
        ["AdaptiveAvgPool2d"] = () => nn.AdaptiveAvgPool2d([3, 3]),
        ["AdaptiveMaxPool2d"] = () => nn.AdaptiveMaxPool2d([3, 3]),
        ["Upsample"] = () => nn.Upsample(scale_factor: [2, 2]),
        ["ConvTranspose2d"] = () => nn.ConvTranspose2d(4, 4, 3),
    };

    public static IEnumerable<object[]> Differentiated
        => from layer in Layers.Keys from objective in Objectives.Keys.Where(name => name != nameof(SpatialAlignment)) select new object[] { layer, objective };

    [TestMethod]
    public void AnUndefinedPrecisionIsRefusedByName()
        => StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new TrainingOptions { Precision = (Precision)7 }).Message,
            "Precision is 7; allowed is Float32, BFloat16.");

    [TestMethod]
    public void Float32IsNotWrittenSoOlderCheckpointsAreResumed()
    {
        Assert.IsFalse(ComponentJson.Write(new TrainingOptions()).Contains("precision", StringComparison.OrdinalIgnoreCase));
        TrainingOptions options = new() { Precision = Precision.BFloat16 };
        Assert.AreEqual(Precision.BFloat16, ComponentJson.Read<TrainingOptions>(ComponentJson.Write(options)).Precision);
    }

    [TestMethod]
    [DynamicData(nameof(Gradients))]
    public void GradientsAreThoseOfFloat32ButForRoundings(string network, string objective)
    {
        bool walks = !network.Contains("es", StringComparison.Ordinal); // no ResNet
        ITrainingObjective minimised = Objectives[objective](walks);
        Activation activation = minimised.RecommendedActivation ?? Activation.Softplus(3);
        double[] expected = Step(Precision.Float32, rounded: false), roundedWeights = Step(Precision.Float32, rounded: true);
        double[] found = Step(Precision.BFloat16, rounded: false);
        double error = Distance(expected, found), unavoidable = Distance(expected, roundedWeights);
        Console.WriteLine($"| {network} | {objective} | {error:G3} | {unavoidable:G3} |");
        Assert.IsGreaterThan(1e-5, error, "it was float32");
        Assert.IsLessThan(0.005 + (4 * unavoidable), error);

        // With a rate of 1 and no momentum the gradient is what a step takes away.
        double[] Step(Precision precision, bool rounded)
        {
            using ImageNetwork trained = Networks[network](activation);
            if (rounded)
            {
                Round(trained);
            }

            double[] before = Parameters(trained);
            Train(trained, new TrainingOptions
            {
                Objective = minimised, Precision = precision, Epochs = 1, BatchSize = Count, LearningRate = 1, Optimizer = new Sgd { Momentum = 0 },
            });
            return [.. before.Zip(Parameters(trained), (then, now) => then - now)];
        }
    }

    [TestMethod]
    public void StepsThatBFloat16CannotHoldAddUpInTheMasters()
    {
        double[] start, expected = Moved(Precision.Float32), found = Moved(Precision.BFloat16);
        Assert.IsLessThan(0.02, Distance(expected, found));
        double largest = start.Zip(found, (weight, change) => Math.Abs(change / weight)).Max();
        Assert.IsLessThan(Math.Pow(2, -9), largest, "a change that bfloat16 has no number for");

        double[] Moved(Precision precision)
        {
            using ImageNetwork network = Network(type: ScalarType.Float32, activation: Activation.Softplus(3));
            Round(network);
            start = Parameters(network);
            TrainingOptions options = new() { Precision = precision, Epochs = 5, BatchSize = 8, LearningRate = 1e-6, Optimizer = new Sgd { Momentum = 0 } };
            new RobustTrainer(options).Fit(network, Images(40));
            return [.. start.Zip(Parameters(network), (then, now) => now - then)];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Differentiated))]
    public void EveryLayerIsTrainedOrNamedBeforeTheFirstStep(string layer, string objective)
    {
        string? inFloat32 = Refusal(Precision.Float32), inBFloat16 = Refusal(Precision.BFloat16);
        Console.WriteLine($"| {layer} | {objective} | {inFloat32} | {inBFloat16} |");
        Assert.AreEqual(inFloat32 is null, inBFloat16 is null, inBFloat16);

        string? Refusal(Precision precision)
        {
            using ImageNetwork network = Around(Layers[layer]());
            TrainingOptions options = new() { Objective = Objectives[objective](true), Precision = precision, Epochs = 1, BatchSize = 8 };
            try
            {
                new RobustTrainer(options).Fit(network, Images(16));
                Assert.IsTrue(Parameters(network).All(double.IsFinite));
                return null;
            }
            catch (NotSupportedException error)
            {
                return error.Message;
            }
        }
    }

    [TestMethod]
    public void ATrainingIsRepeatedBitForBitAndIsNotFloat32s()
    {
        Dictionary<string, double[]> first = Trained(Precision.BFloat16), again = Trained(Precision.BFloat16), other = Trained(Precision.Float32);
        AssertSameBits(first, again);
        CollectionAssert.AreNotEqual(other["conv.weight"], first["conv.weight"]);

        static Dictionary<string, double[]> Trained(Precision precision)
        {
            using ImageNetwork network = Network(type: ScalarType.Float32, activation: Activation.Softplus(3));
            TrainingOptions options = new() { Objective = new LocalGradientAlignment(), Precision = precision, Epochs = 2, BatchSize = 16 };
            new RobustTrainer(options).Fit(network, Images(40), Images(20, 8));
            return Weights(network);
        }
    }

    [TestMethod]
    public void StepsAndTheirAttacksComputeInBFloat16AndNothingElseDoes()
    {
        using ImageNetwork network = Network(type: ScalarType.Float32, activation: Activation.Softplus(3));
        var convolution = network.Backbone.named_modules().Select(entry => entry.module).OfType<Conv2d>().Single();
        HashSet<(bool Step, bool Objective, bool Training, ScalarType)> seen = [];
        bool isObjective = false;
        convolution.register_forward_hook((_, _, y) =>
        {
            seen.Add((network.WorkingType is not null, isObjective, convolution.training, y.dtype));
            return y;
        });
        network.Backbone.register_forward_hook((_, _, y) =>
        {
            Assert.AreEqual(ScalarType.Float32, y.dtype, "logits");
            return y;
        });
        var objective = new Observed(new AdversarialCrossEntropy { Attack = new ProjectedGradientDescent { Steps = 1 } }, begins => isObjective = begins);
        TrainingOptions options = new()
        {
            Objective = objective, Precision = Precision.BFloat16, Epochs = 2, BatchSize = 16, ProgressInterval = TimeSpan.Zero,
            EarlyStopping = new EarlyStopping(),
        };
        new RobustTrainer(options).Fit(network, Images(40), Images(20, 8), progress => AssertFloat32(network, progress.GetType().Name));
        CollectionAssert.AreEquivalent(
            new[]
            {
                (true, true, true, ScalarType.BFloat16), // the loss
                (true, true, false, ScalarType.BFloat16), // its attack
                (true, false, false, ScalarType.BFloat16), // whether there is a derivative
                (false, false, false, ScalarType.Float32), // validation
            },
            seen.ToArray());
        using var file = new MemoryStream();
        network.SaveWeights(file);
        file.Position = 0;
        using SafetensorsContent content = Safetensors.Read(file);
        Assert.IsTrue(content.Tensors.Values.All(value => value.dtype is ScalarType.Float32 or ScalarType.Int64));
    }

    [TestMethod]
    [DataRow(1)] // in the trial before the first step
    [DataRow(2)] // in the first step, after the trial
    [DataRow(3)]
    public void AfterAnErrorEverythingIsFloat32(int failing)
    {
        using ImageNetwork network = Network(type: ScalarType.Float32, activation: Activation.Softplus(3));
        var objective = new ScriptedObjective((step, seen) =>
        {
            Assert.AreEqual(ScalarType.BFloat16, seen.Backbone.parameters().First().dtype);
            if (step == failing)
            {
                throw new InvalidOperationException("as the test wants");
            }
        });
        TrainingOptions options = new() { Objective = objective, Precision = Precision.BFloat16, BatchSize = 16, LearningRate = 1e-30, Optimizer = new Sgd() };
        TensorBatchSource images = Images(40);
        network.Backbone.parameters().First().grad = ones_like(network.Backbone.parameters().First()).DetachFromDisposeScope();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        NetworkState state = NetworkState.Of(network);
        long before = Tensor.TotalCount;
        Tensor[] parameters = [.. network.Backbone.parameters()];
        using Tensor random = get_rng_state();
        Assert.ThrowsExactly<InvalidOperationException>(() => new RobustTrainer(options).Fit(network, images));
        Assert.AreEqual(failing, objective.Steps);
        AssertFloat32(network, "after an error");
        CollectionAssert.AreEqual(parameters, network.Backbone.parameters().ToArray(), "the objects");
        using (Tensor now = get_rng_state())
        {
            CollectionAssert.AreEqual(random.data<byte>().ToArray(), now.data<byte>().ToArray(), "the global generator");
        }

        random.Dispose();
        if (failing < 3)
        {
            state.IsUnchanged("a training without steps");
            using Tensor? gradient = parameters[0].grad;
            Assert.AreEqual(1, gradient!.mean().ToDouble(), "the user's gradient");
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.AreEqual(before, Tensor.TotalCount, "live tensors");
    }

    [TestMethod]
    public void AWeightThatAFunctionUsesIsNamedBeforeTheFirstStep()
    {
        using var network = new ImageNetwork(new FunctionalConvolution(), new InputSpecification(1, 6, 6), Classes);
        int steps = 0;
        TensorBatchSource images = Images(16);
        NetworkState state = NetworkState.Of(network);
        TrainingOptions options = new() { Precision = Precision.BFloat16, BatchSize = 8, ProgressInterval = TimeSpan.Zero };
        string message = Assert.ThrowsExactly<NotSupportedException>(() => new RobustTrainer(options).Fit(network, images, progress: _ => steps++)).Message;
        StringAssert.StartsWith(message, "Precision is BFloat16, and the network FunctionalConvolution cannot compute CrossEntropy in it, in its module 'second' (Own): ");
        StringAssert.Contains(message, "Set Precision to Float32");
        Assert.AreEqual(0, steps);
        AssertFloat32(network, "a refused training");
        state.IsUnchanged("a refused training");
        new RobustTrainer(options with { Precision = Precision.Float32, Epochs = 1 }).Fit(network, Images(16));
    }

    [TestMethod]
    public void AnOperationThatBFloat16LacksIsNamedBeforeTheFirstStep()
    {
        using ImageNetwork network = Around(nn.LocalResponseNorm(2));
        TrainingOptions options = new() { Precision = Precision.BFloat16, Epochs = 1, BatchSize = 8 };
        string message = Assert.ThrowsExactly<NotSupportedException>(() => new RobustTrainer(options).Fit(network, Images(16))).Message;
        StringAssert.Contains(message, "in its module '1' (LocalResponseNorm): \"avg_pool3d_out_frame\" not implemented for 'BFloat16'");
        new RobustTrainer(options with { Precision = Precision.Float32 }).Fit(network, Images(16));
    }

    [TestMethod]
    public void AFactorBetweenLayersLearns()
    {
        using ImageNetwork network = Around(new Scale(4));
        double[] before = Values.Of(network.Backbone.get_parameter("1.factor")!);
        new RobustTrainer(new TrainingOptions { Precision = Precision.BFloat16, Epochs = 1, BatchSize = 8 }).Fit(network, Images(16));
        CollectionAssert.AreNotEqual(before, Values.Of(network.Backbone.get_parameter("1.factor")!));
    }

    [TestMethod]
    public void AWeightOfTwoLayersHasTheSumOfTheirGradients()
    {
        double[] expected = Moved(Precision.Float32), found = Moved(Precision.BFloat16);
        Assert.IsLessThan(0.02, Distance(expected, found));

        static double[] Moved(Precision precision)
        {
            using var generator = new Generator(4, CPU);
            Linear first = SeededLayers.Linear(36, 36, generator), second = SeededLayers.Linear(36, 36, generator), head = SeededLayers.Linear(36, Classes, generator);
            second.weight = first.weight;
            using var network = new ImageNetwork(
                nn.Sequential(nn.Flatten(), first, nn.Softplus(), second, nn.Softplus(), head), new InputSpecification(1, 6, 6), Classes);
            network.MoveTo(CPU, ScalarType.Float32);
            double[] start = Values.Of(first.weight);
            TrainingOptions options = new() { Precision = precision, Epochs = 1, BatchSize = 16, LearningRate = 0.1, Optimizer = new Sgd { Momentum = 0 } };
            new RobustTrainer(options).Fit(network, Images(16));
            return [.. start.Zip(Values.Of(first.weight), (then, now) => now - then)];
        }
    }

    private static void AssertFloat32(ImageNetwork network, string when)
    {
        Assert.IsNull(network.WorkingType, when);
        Assert.IsTrue(WeightSnapshot.Of(network).All(entry => entry.Value.dtype is ScalarType.Float32 or ScalarType.Int64), when);
    }

    private static ImageNetwork BuiltIn(NetworkArchitecture architecture, int channels, int size, Activation activation)
    {
        using var generator = new Generator(1, CPU);
        return ImageNetwork.Create(architecture, new InputSpecification(channels, size, size), Classes, activation, generator);
    }

    private static ImageNetwork TorchVision(Activation activation)
    {
        using Tensor former = get_rng_state();
        try
        {
            random.manual_seed(5);
            var network = new ImageNetwork(torchvision.models.resnet18(Classes), new InputSpecification(3, 32, 32), Classes);
            network.SetActivation(activation);
            return network;
        }
        finally
        {
            set_rng_state(former);
        }
    }

    /// <summary>A convolution, the layer, a softplus, a convolution, a head.</summary>
    private static ImageNetwork Around(nn.Module<Tensor, Tensor> layer)
    {
        using var generator = new Generator(3, CPU);
        var network = new ImageNetwork(
            nn.Sequential(
                nn.Conv2d(1, 4, 3, padding: 1), layer, nn.Softplus(), nn.Conv2d(4, 4, 3, padding: 1), nn.AdaptiveAvgPool2d([2, 2]), nn.Flatten(),
                nn.Linear(16, Classes)),
            new InputSpecification(1, 6, 6),
            Classes);
        using IDisposable mode = no_grad();
        foreach ((string name, Parameter parameter) in network.Backbone.named_parameters())
        {
            bool factor = parameter.dim() == 1 && name.EndsWith("weight", StringComparison.Ordinal);
            parameter.uniform_(factor ? 0.5 : -0.4, factor ? 1 : 0.4, generator);
        }

        return network;
    }

    private static void Train(ImageNetwork network, TrainingOptions options)
    {
        using IDisposable scope = NewDisposeScope();
        using var generator = new Generator(9, CPU);
        InputSpecification input = network.Input;
        Tensor images = rand([Count, input.Channels, input.Height, input.Width], ScalarType.Float32, CPU, false, generator);
        Tensor classes = randint(0L, Classes, new long[] { Count }, ScalarType.Int64, CPU, false, generator);
        new RobustTrainer(options).Fit(network, new TensorBatchSource(images, classes));
    }

    private static void Round(ImageNetwork network)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        foreach (Tensor parameter in network.Backbone.parameters())
        {
            parameter.copy_(parameter.to(ScalarType.BFloat16));
        }
    }

    private static double[] Parameters(ImageNetwork network) => [.. network.Backbone.parameters().SelectMany(parameter => Values.Of(parameter))];

    /// <summary>‖found − expected‖ / ‖expected‖.</summary>
    private static double Distance(double[] expected, double[] found)
        => Math.Sqrt(expected.Zip(found, (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(value => value * value));

    /// <summary>An objective that says when it begins and ends.</summary>
    private sealed record Observed(ITrainingObjective Inner, Action<bool> Tell) : ITrainingObjective
    {
        public ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights = null)
        {
            Tell(true);
            ObjectiveResult result = Inner.Evaluate(network, images, classes, generator, classWeights);
            Tell(false);
            return result;
        }
    }

    private sealed class FunctionalConvolution : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Conv2d(1, 4, 3, padding: 1), second = new Own(), fc = nn.Linear(4 * 36, Classes);

        public FunctionalConvolution()
            : base(nameof(FunctionalConvolution)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc.call(second.call(first.call(input)).flatten(1));
    }

    private sealed class Own : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter kernel = nn.Parameter(full([4, 4, 3, 3], 0.1f));

        public Own()
            : base(nameof(Own)) => RegisterComponents();

        public override Tensor forward(Tensor input) => nn.functional.conv2d(input, kernel, padding: [1, 1]);
    }

    private sealed class Scale : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter factor;

        public Scale(int channels)
            : base(nameof(Scale))
        {
            factor = nn.Parameter(ones(1, channels, 1, 1));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input * factor;
    }
}
