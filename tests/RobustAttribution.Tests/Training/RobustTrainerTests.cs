using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static RobustAttribution.Tests.Fixtures.TrainingProblems;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class RobustTrainerTests
{
    private static readonly TrainingOptions Small = new() { Epochs = 2, BatchSize = 16, LearningRate = 0.01, ProgressInterval = TimeSpan.Zero };

    [TestMethod]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.Float64)]
    public void ANetworkLearnsItsProblem(ScalarType type)
    {
        using ImageNetwork network = Network(type: type);
        TensorBatchSource test = Images(100, seed: 8);
        double before = Evaluation.Measure(network, test, 16).Accuracy;
        TrainingResult result = new RobustTrainer(Small with { Epochs = 6 }).Fit(network, Images(200), test);
        Assert.IsTrue(result.Completed);
        Assert.AreEqual(TrainingEnd.AllEpochsDone, result.Reason);
        Assert.AreEqual(6, result.WeightsEpoch);
        double after = Evaluation.Measure(network, test, 16).Accuracy;
        Assert.IsTrue(after > 0.95 && before < 0.7, $"{before} -> {after}");
        Assert.AreEqual(after, result.History[^1].Validation!.Accuracy);
        Assert.IsTrue(result.History[^1].Loss < result.History[0].Loss);
    }

    [TestMethod]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.Float64)]
    public void TheSameSeedGivesTheSameBits(ScalarType type)
    {
        (Dictionary<string, double[]> First, double Loss) Train(long seed)
        {
            using ImageNetwork network = Network(type: type);
            TrainingResult result = new RobustTrainer(Small with { Objective = new ScriptedObjective(), Seed = seed, GradientClipNorm = 0.5 })
                .Fit(network, Images(50), Images(20, 8));
            return (Weights(network), result.History[^1].Loss);
        }

        (Dictionary<string, double[]> first, double firstLoss) = Train(3);
        (Dictionary<string, double[]> second, double secondLoss) = Train(3);
        AssertSameBits(first, second);
        Assert.AreEqual(firstLoss, secondLoss);
        CollectionAssert.AreNotEqual(first["fc.weight"], Train(4).First["fc.weight"]);
    }

    [TestMethod]
    public void WhetherAnybodyLooksChangesNothing()
    {
        Dictionary<string, double[]> Train(TimeSpan interval, bool validate)
        {
            using ImageNetwork network = Network();
            new RobustTrainer(Small with { Objective = new ScriptedObjective(), ProgressInterval = interval })
                .Fit(network, Images(50), validate ? Images(20, 8) : null);
            return Weights(network);
        }

        AssertSameBits(Train(TimeSpan.Zero, true), Train(TimeSpan.FromHours(1), false));
    }

    [TestMethod]
    public void EachEpochHasItsOwnOrderAndEveryImageOnce()
    {
        using ImageNetwork network = Network();
        List<double> firstClasses = [];
        var objective = new RecordingObjective();
        new RobustTrainer(Small with { Objective = objective, Epochs = 3, BatchSize = 8 }).Fit(network, Images(30));
        double[][] epochs = [.. objective.Sums.Chunk(4)]; // four batches, the last of six images
        Assert.AreEqual(3, epochs.Length);
        Assert.AreEqual(epochs[0].Sum(), epochs[1].Sum(), 1e-9);
        Assert.AreEqual(epochs[0].Sum(), epochs[2].Sum(), 1e-9);
        CollectionAssert.AreNotEqual(epochs[0], epochs[1]);
        CollectionAssert.AreNotEqual(epochs[1], epochs[2]);
    }

    [TestMethod]
    public void OneStepFollowsItsDefinition()
    {
        // w − rate · factor · schedule · clipped gradient, on one batch in training mode.
        using ImageNetwork network = Network();
        using ImageNetwork twin = Network();
        TensorBatchSource images = Images(12);
        var options = Small with
        {
            Epochs = 1, Optimizer = new Sgd { Momentum = 0 }, LearningRate = 0.3, HeadLearningRateFactor = 10, GradientClipNorm = 0.2,
            Schedule = new MultiStepSchedule([0]), ClassWeights = [1, 2, 0.5],
        };
        new RobustTrainer(options).Fit(network, images);

        using IDisposable scope = NewDisposeScope();
        twin.Backbone.train();
        ImageBatch batch = images.Read(12, SplitMix64.Derive(0, 0, 0)).Single();
        Tensor logSoftmax = nn.functional.log_softmax(twin.Logits(batch.Images.to(ScalarType.Float64) / 255), 1);
        Tensor weights = tensor(new double[] { 1, 2, 0.5 }).index_select(0, batch.Classes);
        Tensor loss = -(logSoftmax.gather(1, batch.Classes.unsqueeze(1)).squeeze(1) * weights).sum() / weights.sum();
        (string Name, Tensor Value)[] parameters = [.. twin.Backbone.named_parameters().Select(pair => (pair.name, (Tensor)pair.parameter))];
        IList<Tensor> gradients = autograd.grad([loss], [.. parameters.Select(pair => pair.Value)]);
        double norm = Math.Sqrt(gradients.Sum(gradient => gradient.square().sum().item<double>()));
        Assert.IsTrue(norm > 0.2, "the batch must be clipped for this test to mean something");
        Dictionary<string, double[]> actual = Weights(network);
        for (int i = 0; i < parameters.Length; i++)
        {
            double rate = 0.3 * 0.1 * (parameters[i].Name.StartsWith("fc", StringComparison.Ordinal) ? 10 : 1);
            double[] expected = (parameters[i].Value - (gradients[i] * (rate * 0.2 / (norm + 1e-6)))).detach().data<double>().ToArray();
            CollectionAssert.AreEqual(expected, actual[parameters[i].Name], new Close(1e-12), parameters[i].Name);
        }
    }

    [TestMethod]
    public void FrozenModulesStayAsTheyAre()
    {
        using ImageNetwork network = Network();
        Dictionary<string, double[]> before = Weights(network);
        bool[] grads = [.. network.Backbone.parameters().Select(parameter => parameter.requires_grad)];
        new RobustTrainer(Small with { FrozenModules = ["conv", "norm"] }).Fit(network, Images(40));
        Dictionary<string, double[]> after = Weights(network);
        foreach (string name in before.Keys)
        {
            Assert.AreEqual(!name.StartsWith("fc", StringComparison.Ordinal), before[name].SequenceEqual(after[name]), name);
        }

        CollectionAssert.AreEqual(grads, network.Backbone.parameters().Select(parameter => parameter.requires_grad).ToArray());
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => new RobustTrainer(Small with { FrozenModules = ["layer9"] }).Fit(network, Images(40))).Message,
            "FrozenModules names 'layer9'");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Small with { HeadModule = "f" }).Fit(network, Images(40))).Message,
            "HeadModule names 'f'");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => new RobustTrainer(Small with { FrozenModules = ["conv", "norm", "fc"] }).Fit(network, Images(40))).Message,
            "left to train");
    }

    [TestMethod]
    public void ProgressSaysWhereTheTrainingIs()
    {
        using ImageNetwork network = Network();
        List<TrainingProgress> reports = [];
        var options = Small with { Objective = new ScriptedObjective(), LearningRate = 0.02, Schedule = new MultiStepSchedule([1]) };
        TrainingResult result = new RobustTrainer(options).Fit(network, Images(40), Images(25, 8), reports.Add);

        string shape = string.Concat(reports.Select(
            report => report switch { BatchProgress => 'b', ValidationProgress => 'v', EpochProgress => 'e', TrainingWarning => 'w', _ => '?' }));
        Assert.AreEqual("bbbvebbbvew", shape); // it guesses
        BatchProgress[] batches = [.. reports.OfType<BatchProgress>()];
        CollectionAssert.AreEqual(new[] { 1, 2, 3, 1, 2, 3 }, batches.Select(batch => batch.Step).ToArray());
        CollectionAssert.AreEqual(new[] { 1, 1, 1, 2, 2, 2 }, batches.Select(batch => batch.Epoch).ToArray());
        CollectionAssert.AreEqual(
            new[] { 0.02, 0.02, 0.02, 0.002, 0.002, 0.002 }, batches.Select(batch => batch.LearningRate).ToArray(), new Close(1e-15));
        Assert.IsTrue(batches.All(batch => batch is { StepsPerEpoch: 3, Epochs: 2, ImagesPerSecond: > 0 }));
        CollectionAssert.AreEqual(new[] { "cross-entropy", "noise" }, batches[0].LossTerms.Keys.ToArray());
        Assert.AreEqual(batches[0].Loss, batches[0].LossTerms.Values.Sum(), 1e-12);
        EpochProgress epoch = result.History[1];
        Assert.AreEqual(batches[5].Loss, epoch.Loss);
        Assert.AreEqual(batches[5].Accuracy, epoch.Accuracy);
        Assert.AreEqual(TimeSpan.Zero, epoch.Remaining);
        Assert.IsTrue(batches[0].Remaining > TimeSpan.Zero);
        EvaluationResult judged = Evaluation.Measure(network, Images(25, 8), 16);
        Assert.AreEqual(judged.Loss, epoch.Validation!.Loss, 1e-12);
        Assert.AreEqual(judged.Accuracy, epoch.Validation.Accuracy);
    }

    [TestMethod]
    public void RunningMeansWeighEveryImageAlike()
    {
        using ImageNetwork network = Network();
        var objective = new RecordingObjective();
        TrainingResult result = new RobustTrainer(Small with { Objective = objective, Epochs = 1, BatchSize = 8 }).Fit(network, Images(20));
        double expected = objective.Losses.Zip(objective.Counts, (loss, count) => loss * count).Sum() / 20;
        Assert.AreEqual(expected, result.History[0].Loss, 1e-12);
        Assert.AreEqual(objective.Correct / 20.0, result.History[0].Accuracy, 1e-12);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void ALossThatIsNotFiniteIsNamedWithItsPlace(bool look)
    {
        using ImageNetwork network = Network();
        var objective = new ScriptedObjective(noise: step => step == 5 ? double.NaN : 0.01);
        var options = Small with { Objective = objective, ProgressInterval = look ? TimeSpan.Zero : TimeSpan.FromHours(1) };
        NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(() => new RobustTrainer(options).Fit(network, Images(40)));
        Assert.AreEqual((2, 2, "noise"), (error.Epoch, error.Step, error.Term));
        StringAssert.Contains(error.Message, "'noise' was not finite in epoch 2, step 2");
    }

    [TestMethod]
    public void CancellingEndsWithinOneBatch()
    {
        using var source = new CancellationTokenSource();
        using ImageNetwork network = Network();
        var objective = new ScriptedObjective((step, _) => { if (step == 5) { source.Cancel(); } });
        Assert.ThrowsExactly<OperationCanceledException>(
            () => new RobustTrainer(Small with { Objective = objective }).Fit(network, Images(40), null, null, source.Token));
        Assert.AreEqual(5, objective.Steps);
    }

    [TestMethod]
    public void ACancelledTrainingCanKeepWhatItHas()
    {
        (TrainingResult Result, Dictionary<string, double[]> Weights, Dictionary<string, double[]>? AfterEpoch1) Train(CancellationBehavior behavior)
        {
            using var source = new CancellationTokenSource();
            using ImageNetwork network = Network();
            Dictionary<string, double[]>? afterFirst = null;
            var objective = new ScriptedObjective((step, _) => { if (step == 5) { source.Cancel(); } });
            TrainingResult result = new RobustTrainer(Small with { Objective = objective, OnCancellation = behavior }).Fit(
                network,
                Images(40),
                null,
                progress => { if (progress is EpochProgress { Epoch: 1 }) { afterFirst = Weights(network); } },
                source.Token);
            return (result, Weights(network), afterFirst);
        }

        (TrainingResult best, Dictionary<string, double[]> bestWeights, Dictionary<string, double[]>? afterFirst)
            = Train(CancellationBehavior.KeepBest);
        Assert.IsFalse(best.Completed);
        Assert.AreEqual((TrainingEnd.Cancelled, 1, 1), (best.Reason, best.EpochsDone, best.WeightsEpoch!.Value));
        AssertSameBits(afterFirst!, bestWeights);

        (TrainingResult latest, Dictionary<string, double[]> latestWeights, _) = Train(CancellationBehavior.KeepLatest);
        Assert.AreEqual((TrainingEnd.Cancelled, 1), (latest.Reason, latest.EpochsDone));
        Assert.IsNull(latest.WeightsEpoch);
        CollectionAssert.AreNotEqual(bestWeights["fc.weight"], latestWeights["fc.weight"]);
    }

    [TestMethod]
    public void EarlyStoppingGivesTheBestWeightsBack()
    {
        // The rate explodes after epoch 2, so later epochs are worse.
        using ImageNetwork network = Network();
        Dictionary<string, double[]>? best = null;
        var options = Small with
        {
            Epochs = 20,
            Schedule = new StepFactorSchedule([new RateStep(2, 300)]),
            EarlyStopping = new EarlyStopping { Patience = 3, Metric = ValidationMetric.Loss },
        };
        TrainingResult result = new RobustTrainer(options).Fit(
            network, Images(60), Images(40, 8), progress => { if (progress is ValidationProgress { IsBest: true }) { best = Weights(network); } });
        Assert.AreEqual(TrainingEnd.EarlyStopped, result.Reason);
        Assert.IsTrue(result.Completed);
        int bestEpoch = result.History.MinBy(epoch => epoch.Validation!.Loss)!.Epoch;
        Assert.AreEqual(bestEpoch, result.WeightsEpoch);
        Assert.AreEqual(bestEpoch + 3, result.EpochsDone);
        AssertSameBits(best!, Weights(network));
    }

    [TestMethod]
    public void EarlyStoppingNeedsAValidationSet()
    {
        using ImageNetwork network = Network();
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(
                () => new RobustTrainer(Small with { EarlyStopping = new EarlyStopping() }).Fit(network, Images(10))).Message,
            "no validation set");
    }

    [TestMethod]
    public void WrongInputIsRefusedByName()
    {
        using ImageNetwork network = Network();
        using IDisposable scope = NewDisposeScope();
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Small with { ClassWeights = [1, 1] }).Fit(network, Images(10))).Message,
            "ClassWeights has 2 values");
        var tooMany = new TensorBatchSource(zeros(2, 1, 6, 6), tensor(new long[] { 0, 3 }));
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Small).Fit(network, tooMany)).Message,
            "classes goes from 0 to 3; allowed is 0 to 2");
        var empty = new TensorBatchSource(zeros(0, 1, 6, 6), zeros(0, dtype: ScalarType.Int64));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Small).Fit(network, empty)).Message, "no image");
        Assert.ThrowsExactly<ArgumentException>(() => Evaluation.Measure(network, empty, 4));
        var wrongSize = new TensorBatchSource(zeros(2, 1, 5, 6), tensor(new long[] { 0, 1 }));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Small).Fit(network, wrongSize)).Message, "[N,1,6,6]");
    }

    [TestMethod]
    [DataRow("normal")]
    [DataRow("wrong class")]
    [DataRow("callback throws")]
    [DataRow("network throws")]
    public void NothingIsLeftBehind(string situation)
    {
        using ImageNetwork network = Network();
        network.Backbone.named_children().First().module.eval();
        TensorBatchSource images = Images(40);
        TensorBatchSource validation = Images(20, 8);
        using IDisposable outer = NewDisposeScope();
        var wrong = new TensorBatchSource(zeros(20, 1, 6, 6), full([20], 9, dtype: ScalarType.Int64));
        bool[] Modes() => [.. network.Backbone.modules().Select(module => module.training)];
        bool[] Grads() => [.. network.Backbone.parameters().Select(parameter => parameter.requires_grad)];
        bool[] modes = Modes();
        bool[] grads = Grads();
        var objective = new ScriptedObjective(
            (step, _) => { if (situation == "network throws" && step == 4) { throw new InvalidOperationException("scripted"); } });
        var trainer = new RobustTrainer(Small with
        {
            Objective = objective, FrozenModules = ["conv"], EarlyStopping = new EarlyStopping(), GradientClipNorm = 1, ClassWeights = [1, 2, 3],
        });
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;
        void Fit()
            => trainer.Fit(network, situation == "wrong class" ? wrong : images, validation, progress =>
            {
                if (situation == "callback throws" && progress is BatchProgress { Epoch: 2 })
                {
                    throw new InvalidOperationException("scripted");
                }
            });
        switch (situation)
        {
            case "normal": Fit(); break;
            case "wrong class": Assert.ThrowsExactly<ArgumentException>(Fit); break;
            default: Assert.ThrowsExactly<InvalidOperationException>(Fit); break;
        }

        Assert.AreEqual(before, Tensor.TotalCount, "live tensors");
        CollectionAssert.AreEqual(modes, Modes());
        CollectionAssert.AreEqual(grads, Grads());
    }

    /// <summary>Checkpoints of every published version hold this text; with another one they could not be resumed.</summary>
    [TestMethod]
    public void TheFingerprintKeepsItsForm()
    {
        const string expected = """
            {"options":{"objective":{"$type":"CrossEntropy"},"epochs":10,"batchSize":128,
            "optimizer":{"$type":"AdamW","beta1":0.9,"beta2":0.999,"epsilon":1E-08,"weightDecay":0.01},"learningRate":0.001,
            "schedule":{"$type":"ConstantSchedule"},"gradientClipNorm":null,"augmentation":null,"earlyStopping":null,"checkpoints":null,"seed":5,
            "classWeights":null,"headLearningRateFactor":1,"headPrefix":null,"frozenPrefixes":null,"onCancellation":"Throw",
            "progressInterval":"00:00:00"},"identity":null,
            """;
        using ImageNetwork network = Network();
        var options = new OptionsWithMore
        {
            Seed = 5, BatchSize = 128, Checkpoints = new CheckpointOptions("folder"), ProgressInterval = TimeSpan.FromSeconds(3), ColumnName = "Image",
        };
        StringAssert.StartsWith(TrainingFingerprint.Of(options, network, Images(40), null), expected.ReplaceLineEndings(string.Empty));
        StringAssert.Contains(TrainingFingerprint.Of(options with { Seed = null }, network, Images(40), null), "\"seed\":0,", "the default");
        StringAssert.Contains(TrainingFingerprint.Of(options with { BatchSize = null }, network, Images(40), null), "\"batchSize\":8,", "that of 40 images");
        string now = TrainingFingerprint.Of(options with { FrozenModules = ["conv"] }, network, Images(40), null);
        Assert.AreEqual(
            "options.frozenModules was  and is [\"conv\"]",
            TrainingFingerprint.Difference(TrainingFingerprint.Of(options, network, Images(40), null), now));
    }

    [TestMethod]
    public void TheLargestValuesOfOptionsTrainOrAreRefusedByName()
    {
        using ImageNetwork network = Network();
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        List<BatchProgress> reports = [];
        var options = new TrainingOptions
        {
            Epochs = int.MaxValue, BatchSize = 1, ProgressInterval = TimeSpan.Zero, OnCancellation = CancellationBehavior.KeepLatest,
            Checkpoints = new CheckpointOptions(folder.Path) { EveryMinutes = double.MaxValue, EveryEpochs = null },
        };
        new RobustTrainer(options).Fit(network, new Endless(Images(2)), null, Look, source.Token);
        Assert.AreEqual(TimeSpan.MaxValue, reports[^1].Remaining);
        Assert.AreEqual(TimeSpan.MaxValue, new TrainingOptions { ProgressInterval = TimeSpan.MaxValue }.ProgressInterval);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new TrainingOptions { ClassWeights = [1, 2e9] }).Message,
            "ClassWeights is 2000000000; allowed is a number from 0 to 1E+09");
        Assert.AreEqual(
            "ClassWeights are all 0; allowed is at least one above 0.",
            Assert.ThrowsExactly<ArgumentException>(() => new RobustTrainer(Small with { ClassWeights = [0, 0, 0] }).Fit(network, Images(10))).Message);

        void Look(TrainingProgress progress)
        {
            if (progress is BatchProgress batch)
            {
                reports.Add(batch);
                source.Cancel();
            }
        }
    }

    [TestMethod]
    public void OptionsAreReadBackFromJson()
    {
        var options = new TrainingOptions
        {
            Objective = new CrossEntropy(), Epochs = 7, Optimizer = new Sgd(), Schedule = new MultiStepSchedule([1, 2]), GradientClipNorm = 0.5,
            EarlyStopping = new EarlyStopping { Patience = 2 }, Seed = 5, ClassWeights = [1, 2], FrozenModules = ["a"],
            OnCancellation = CancellationBehavior.KeepBest,
        };
        TrainingOptions read = ComponentJson.Read<TrainingOptions>(ComponentJson.Write(options));
        Assert.AreEqual(ComponentJson.Write(options), ComponentJson.Write(read));
        Assert.AreEqual(options.Optimizer, read.Optimizer);
        Assert.AreEqual(0.5, read.GradientClipNorm);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new TrainingOptions { Epochs = 0 }).Message, "Epochs is 0");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new TrainingOptions { GradientClipNorm = 0 }).Message, "GradientClipNorm is 0");
    }

    private sealed class Close(double tolerance) : System.Collections.IComparer
    {
        public int Compare(object? x, object? y) => Math.Abs((double)x! - (double)y!) <= tolerance ? 0 : 1;
    }

    private sealed class RecordingObjective : ITrainingObjective
    {
        public List<double> Sums { get; } = [];

        public List<double> Losses { get; } = [];

        public List<long> Counts { get; } = [];

        public long Correct { get; private set; }

        public ObjectiveResult Evaluate(ImageNetwork network, Tensor images, Tensor classes, Generator generator, Tensor? classWeights = null)
        {
            Sums.Add(images.sum().item<double>());
            ObjectiveResult result = new CrossEntropy().Evaluate(network, images, classes, generator, classWeights);
            Losses.Add(result.Loss.item<double>());
            Counts.Add(classes.shape[0]);
            Correct += result.Logits.argmax(1).eq(classes).sum().item<long>();
            return result;
        }
    }

    /// <summary>Says that it has as many images as can be counted in steps.</summary>
    private sealed class Endless(IImageBatchSource images) : IImageBatchSource
    {
        public long Count => int.MaxValue;

        public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
        {
            while (true)
            {
                foreach (ImageBatch batch in images.Read(batchSize, shuffleSeed))
                {
                    yield return batch;
                }
            }
        }
    }

    /// <summary>As an estimator's options are: those of the training, and more.</summary>
    private sealed record OptionsWithMore : TrainingOptions
    {
        public string ColumnName { get; init; } = "";
    }
}
