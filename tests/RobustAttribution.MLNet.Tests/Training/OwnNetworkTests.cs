using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.MLNet.Training;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;
using Options = RobustAttribution.MLNet.RobustAttributionImageClassificationTrainer.Options;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Architectures of a user's own: trained, explained, saved and loaded, or refused before the training.</summary>
[TestClass]
public sealed class OwnNetworkTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("own-network-tests").FullName;

    [ClassInitialize]
    public static void Register(TestContext context) => Register();

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    /// <summary>What the fresh process does: it knows the architectures, and scores.</summary>
    public static int ScoreInAnotherProcess(string model, string images, string output)
    {
        Register();
        return FreshProcess.Score<ColorTestImage>(model, images, output);
    }

    [TestMethod]
    public void TorchVisionsResNet18IsTrainedExplainedSavedAndLoadedElsewhere()
    {
        List<ColorTestImage> images = ColorTestImage.Make(12); // no batch of one: its batch statistics would not be finite
        var context = new MLContext(seed: 3);
        IDataView data = context.Data.LoadFromEnumerable(images);
        var options = new Options { Network = new VisionResNet(), Objective = new CrossEntropy(), Epochs = 1, BatchSize = 4 };
        var pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.Transforms.RobustImageClassification(options))
            .Append(Maps("Relevance", new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus }))
            .Append(Maps("Guided", new GuidedBackpropagation()))
            .Append(Maps("Activation", new ClassActivationMap()));
        ITransformer model = pipeline.Fit(data);
        string path = Path.Combine(folder, "model.zip");
        context.Model.Save(model, data.Schema, path);

        (int exitCode, Dictionary<string, float[][]>? columns, string messages) = FreshProcess.Run("score-own-network", path, images);

        Assert.AreEqual(0, exitCode, messages);
        string[] names = ["Score", "Relevance", "Guided", "Activation"];
        List<Rows.Row> here = Rows.Read(model.Transform(data), names);
        Assert.HasCount(12, here);
        for (int i = 0; i < here.Count; i++)
        {
            foreach (string name in names)
            {
                float[] value = (float[])here[i].Values[name];
                Assert.HasCount(name == "Score" ? 3 : ColorTestImage.Side * ColorTestImage.Side, value);
                Assert.IsTrue(value.All(float.IsFinite) && value.Any(number => number != 0), name);
                CollectionAssert.AreEqual(value, columns![name][i], $"{name}, row {i}");
            }
        }

        (int unregistered, _, string error) = FreshProcess.Run("score", path, images);
        Assert.AreNotEqual(0, unregistered);
        StringAssert.Contains(error, nameof(VisionResNet));

        SaliencyEstimator Maps(string column, IAttributionMethod method)
            => context.Transforms.Saliency(new SaliencyEstimator.Options { OutputColumnName = column, Method = method });
    }

    [TestMethod]
    public void ASequenceWithInPlaceReluIsTrainedWithSoftplusByAga()
    {
        List<string> warnings = [];
        var options = new Options { Network = new PlainSequence(), Objective = new LocalGradientAlignment() };
        using RobustAttributionModelTransformer model = Fit(options, warnings);
        Assert.AreEqual(Activation.Softplus(3), model.Network.Activation);
        Assert.IsGreaterThan(0, model.Training!.History[^1].LossTerms["cosine"]);
        Assert.IsEmpty(warnings, string.Join('\n', warnings));
        using RobustAttributionModelTransformer again = Reload(model);
        Assert.AreEqual(Activation.Softplus(3), again.Network.Activation);
        CollectionAssert.AreEqual(Scores(model), Scores(again));
    }

    [TestMethod]
    [DataRow("tanh")]
    [DataRow("function")]
    public void ANetworkWithNothingToExchangeIsTrainedSavedAndLoadedAndTrainedOn(string kind)
    {
        var options = new Options { Network = new PlainSequence { Kind = kind }, Objective = new LocalGradientAlignment() };
        using RobustAttributionModelTransformer model = Fit(options, []);
        Assert.IsNull(model.Network.Activation);
        using RobustAttributionModelTransformer again = Reload(model);
        CollectionAssert.AreEqual(Scores(model), Scores(again));
        var context = new MLContext(seed: 1);
        using RobustAttributionModelTransformer further = context.Transforms.RobustImageClassification(options).Fit(Data(context), again);
        CollectionAssert.AreNotEqual(Scores(model), Scores(further));
    }

    [TestMethod]
    public void AnotherNumberOfLogitsIsRefusedBeforeTheTraining()
    {
        Options options = Untrained(new VisionResNet { Logits = 1000 });
        string message = Assert.ThrowsExactly<ArgumentException>(() => Fit(options, [])).Message;
        string[] parts = ["Network VisionResNet", "[2,1000]", "1000 logits for 3 classes", "allowed is [2,3]", "label column 'Label'"];
        foreach (string part in parts)
        {
            StringAssert.Contains(message, part);
        }
    }

    [TestMethod]
    [DataRow("maps", "with Float32 [2,3,8,8]; allowed is [2,3]")]
    [DataRow("one", "with Float32 [1,3]; allowed is [2,3]")]
    [DataRow("integers", "Int64 [2,3]; allowed are floating-point logits")]
    [DataRow("infinite", "not all of them finite; allowed are finite logits. Its parameters and buffers are finite")]
    [DataRow("poisoned", "not all of them finite; allowed are finite logits. Its 'inner.bias' is not finite")]
    [DataRow("too small", "cannot answer 2 images [2,3,16,16]")]
    public void OtherAnswersThanFiniteLogitsAreRefusedBeforeTheTraining(string fault, string expected)
    {
        string message = Assert.ThrowsExactly<ArgumentException>(() => Fit(Untrained(new Faulty { Fault = fault }), [])).Message;
        StringAssert.Contains(message, "Network Faulty");
        StringAssert.Contains(message, expected);
    }

    [TestMethod]
    public void AModelToStartFromIsTriedAsWell()
    {
        Options options = Untrained(new PlainSequence()) with { MetricsCallback = null, Objective = new CrossEntropy() };
        using RobustAttributionModelTransformer model = Fit(options, []);
        using (NewDisposeScope())
        using (no_grad())
        {
            model.Network.Backbone.parameters().Last().fill_(double.NaN);
        }

        var context = new MLContext(seed: 1);
        RobustAttributionImageClassificationTrainer trainer = context.Transforms.RobustImageClassification(Untrained(new PlainSequence()));
        string message = Assert.ThrowsExactly<ArgumentException>(() => trainer.Fit(Data(context), model)).Message;
        StringAssert.Contains(message, "Its 'fc.bias' is not finite");
    }

    [TestMethod]
    public void AnArchitectureThatNoFileCanNameIsRefusedBeforeTheTraining()
    {
        string message = Assert.ThrowsExactly<NotSupportedException>(() => Fit(Untrained(new Unregistered()), [])).Message;
        StringAssert.Contains(message, "Network Unregistered cannot be saved");
        StringAssert.Contains(message, "ComponentJson.Register<Unregistered>()");
    }

    [TestMethod]
    [DataRow("delegate", "Make")]
    [DataRow("lost", "width")]
    [DataRow("complex", "phase")]
    public void AnOptionOrTensorThatNoFileCanHoldIsNamedBeforeTheTraining(string kind, string name)
    {
        NetworkArchitecture architecture = kind switch
        {
            "delegate" => new Unsavable { Make = classCount => nn.Linear(2, classCount) },
            "lost" => new Unsavable().WithWidth(3),
            _ => new Unsavable { Phase = true },
        };
        string message = Assert.ThrowsExactly<NotSupportedException>(() => Fit(Untrained(architecture), [])).Message;
        StringAssert.Contains(message, "Network Unsavable cannot be saved");
        StringAssert.Contains(message, name);
    }

    [TestMethod]
    public void AnActivationThatNothingCanBeExchangedForIsRefusedBeforeTheTraining()
    {
        Options options = Untrained(new PlainSequence { Kind = "tanh" }) with { Activation = Activation.Softplus(3) };
        string message = Assert.ThrowsExactly<ArgumentException>(() => Fit(options, [])).Message;
        StringAssert.Contains(message, "Activation is softplus β=3, and network PlainSequence has no activation that can be exchanged");
        options = options with { Activation = Activation.Relu, MetricsCallback = null };
        List<string> warnings = [];
        using RobustAttributionModelTransformer model = Fit(options, warnings);
        StringAssert.Contains(warnings.Single(), "Activation is ReLU");
    }

    [TestMethod]
    public void ArtOnANetworkWithNothingToExchangeIsRefusedAndSaysWhatToDo()
    {
        Options options = Untrained(new PlainSequence { Kind = "tanh" }) with { Objective = new SpatialAlignment() };
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, [])).Message;
        StringAssert.Contains(message, "AlignmentAttack finds its steps through softplus β=50");
        StringAssert.Contains(message, "set Surrogate to null");
        options = options with { Objective = new SpatialAlignment { Attack = new() { Surrogate = null } } };
        message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, [])).Message;
        StringAssert.Contains(message, "no activation that can be exchanged for softplus β=50");
        StringAssert.Contains(message, "AttributionActivation), null leaves the network its own");
        options = options with
        {
            MetricsCallback = null,
            Objective = new SpatialAlignment { AttributionActivation = null, Attack = new() { Surrogate = null } },
        };
        List<string> warnings = [];
        using RobustAttributionModelTransformer model = Fit(options, warnings);
        Assert.IsEmpty(warnings, string.Join('\n', warnings));
    }

    [TestMethod]
    public void AnObjectiveOnGradientsWarnsWhereThereIsNoSecondDerivative()
    {
        var alignment = new SpatialAlignment { AttributionActivation = null, Attack = new() { Surrogate = null } };
        foreach (ITrainingObjective objective in new ITrainingObjective[] { new LocalGradientAlignment(), new HessianNormPenalty(), alignment })
        {
            string name = objective.GetType().Name;
            string[] found = Warnings(new Options { Network = new PlainSequence { Kind = "function" }, Objective = objective });
            Assert.HasCount(1, found, name);
            StringAssert.Contains(found[0], $"Objective {name} penalises gradients");
            StringAssert.Contains(found[0], "network PlainSequence has no second derivative");
            StringAssert.Contains(found[0], "make modules of its functional activations");
            string[] exchangeable = Warnings(new Options { Network = new PlainSequence(), Activation = Activation.Relu, Objective = objective });
            StringAssert.Contains(exchangeable.Single(), "Set Activation to a smooth one");
            Assert.IsEmpty(Warnings(new Options { Network = new PlainSequence { Kind = "tanh" }, Objective = objective }), $"{name}, tanh");
            Assert.IsEmpty(Warnings(new Options { Activation = Activation.Softplus(3), Objective = objective }), $"{name}, softplus");
        }

        Assert.IsEmpty(Warnings(new Options { Network = new PlainSequence { Kind = "function" }, Objective = new CrossEntropy() }));

        static string[] Warnings(Options options)
        {
            List<string> warnings = [];
            using RobustAttributionModelTransformer model = Fit(options, warnings);
            return [.. warnings];
        }
    }

    [TestMethod]
    public void ADerivativeThatLibtorchCannotComputeIsRefusedBeforeTheTraining()
    {
        ITrainingObjective aga = new LocalGradientAlignment();
        Options options = Untrained(new PlainSequence { Kind = "hardsigmoid" });
        string message = Assert.ThrowsExactly<NotSupportedException>(() => Fit(options with { Objective = aga }, [])).Message;
        StringAssert.Contains(message, "has no second derivative");
        StringAssert.Contains(message, "hardsigmoid_backward");
        using RobustAttributionModelTransformer model = Fit(options with { Objective = new CrossEntropy(), MetricsCallback = null }, []);
        Assert.IsTrue(Scores(model).All(float.IsFinite));

        options = Untrained(new PlainSequence { Kind = "in place" });
        message = Assert.ThrowsExactly<NotSupportedException>(() => Fit(options with { Objective = new CrossEntropy() }, [])).Message;
        StringAssert.Contains(message, "changed in place");
    }

    [TestMethod]
    public void TheTrialLeavesStatisticsAndRandomStateAlone()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7, CPU);
        foreach (string kind in new[] { "normalized", "random", "function" })
        {
            ImageNetwork network = ImageNetwork.Create(new PlainSequence { Kind = kind }, new InputSpecification(3, 16, 16), 3, null, generator);
            double[][] before = State(network);
            using var handle = new NetworkHandle(network, new ImageInput("Image", PixelScale.Bytes, ResizePolicy.Crop), null, 4);
            Tensor random = get_rng_state();
            var trial = new NetworkTrial(handle, "Label", seed: 5);
            trial.RequireLogits(null);
            trial.RequireSavable("Score", "PredictedLabel");
            trial.RequireDerivatives(new LocalGradientAlignment());
            Assert.IsTrue(random.eq(get_rng_state()).all().item<bool>(), $"{kind}: the global generator");
            double[][] after = State(network);
            for (int i = 0; i < before.Length; i++)
            {
                CollectionAssert.AreEqual(before[i], after[i], $"{kind}, tensor {i}");
            }

            Assert.IsFalse(network.Backbone.modules().Any(module => module.training), kind);
            Assert.IsTrue(network.Backbone.parameters().All(parameter => parameter.requires_grad), kind);
        }

        static double[][] State(ImageNetwork network)
            => [.. network.Backbone.parameters().Select(parameter => (Tensor)parameter).Concat(network.Backbone.buffers())
                .Select(tensor => tensor.detach().to(ScalarType.Float64).flatten().data<double>().ToArray())];
    }

    private static void Register()
    {
        ComponentJson.Register<VisionResNet>();
        ComponentJson.Register<PlainSequence>();
        ComponentJson.Register<Faulty>();
        ComponentJson.Register<Unsavable>();
    }

    private static IDataView Data(MLContext context)
    {
        IDataView raw = context.Data.LoadFromEnumerable(ColorTestImage.Make(8));
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
    }

    // A training that fails the test once it takes a step.
    private static Options Untrained(NetworkArchitecture architecture) => new()
    {
        Network = architecture,
        ProgressInterval = TimeSpan.Zero,
        MetricsCallback = report => Assert.Fail($"trained: {report}"),
    };

    private static RobustAttributionModelTransformer Fit(Options options, List<string> warnings)
    {
        var context = new MLContext(seed: 1);
        context.Log += (_, message) =>
        {
            if (message.Kind == ChannelMessageKind.Warning)
            {
                warnings.Add(message.Message);
            }
        };
        options = options with { Epochs = 1, BatchSize = 4 };
        return context.Transforms.RobustImageClassification(options).Fit(Data(context));
    }

    private static RobustAttributionModelTransformer Reload(RobustAttributionModelTransformer model)
    {
        using var file = new MemoryStream();
        new MLContext().Model.Save(model, null, file);
        file.Position = 0;
        return (RobustAttributionModelTransformer)new MLContext().Model.Load(file, out _);
    }

    private static float[] Scores(RobustAttributionModelTransformer model)
        => [.. Rows.Read(model.Transform(Data(new MLContext())), ["Score"]).SelectMany(row => (float[])row.Values["Score"])];

    private sealed record Unregistered : NetworkArchitecture
    {
        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => nn.Sequential(nn.Flatten(), nn.Linear(input.ValueCount, classCount));
    }

    private sealed record Unsavable : NetworkArchitecture
    {
        private int width = 2;

        public Func<int, nn.Module<Tensor, Tensor>>? Make { get; init; }

        public bool Phase { get; init; }

        public Unsavable WithWidth(int value) => this with { width = value };

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => Phase
                ? new Phased(input.ValueCount, classCount)
                : nn.Sequential(nn.Flatten(), nn.Linear(input.ValueCount, width), Make?.Invoke(classCount) ?? nn.Linear(width, classCount));
    }

    private sealed class Phased : nn.Module<Tensor, Tensor>
    {
        private readonly Tensor phase = zeros([2], ScalarType.ComplexFloat32);
        private readonly nn.Module<Tensor, Tensor> fc;

        public Phased(int inputs, int classCount)
            : base(nameof(Phased))
        {
            fc = nn.Linear(inputs, classCount);
            register_buffer(nameof(phase), phase);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => fc.call(input.flatten(1));
    }

    private sealed record Faulty : NetworkArchitecture
    {
        public string Fault { get; init; } = string.Empty;

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => new Answer(Fault, input.ValueCount, classCount);
    }

    private sealed class Answer : nn.Module<Tensor, Tensor>
    {
        private readonly string fault;
        private readonly TorchSharp.Modules.Linear inner;

        public Answer(string fault, int inputs, int classCount)
            : base(nameof(Answer))
        {
            this.fault = fault;
            inner = nn.Linear(fault == "too small" ? inputs / 2 : inputs, classCount);
            RegisterComponents();
            if (fault == "poisoned")
            {
                using IDisposable mode = no_grad();
                inner.bias!.fill_(float.NaN);
            }
        }

        public override Tensor forward(Tensor input)
        {
            Tensor logits = inner.call(input.flatten(1));
            return fault switch
            {
                "maps" => logits.reshape(-1, 3, 1, 1).expand(-1, -1, 8, 8),
                "one" => logits.mean([0], keepdim: true),
                "integers" => logits.to(ScalarType.Int64),
                "infinite" => logits / 0,
                _ => logits,
            };
        }
    }
}
