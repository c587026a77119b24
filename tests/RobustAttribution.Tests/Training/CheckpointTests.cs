using System.Text;
using RobustAttribution.Augmentations;
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
public sealed class CheckpointTests
{
    private const int StepsPerEpoch = 3;
    private const int ChildEpochs = 20;
    private const double EveryStep = 1e-9; // minutes

    [ClassInitialize]
    public static void Register(TestContext context) => ComponentJson.Register<NoisyCrossEntropy>();

    private static IEnumerable<object[]> Kills
        => from killAt in new[] { 2, 3, 4, 7, 9 } from type in new[] { ScalarType.Float32, ScalarType.Float64 } select new object[] { killAt, type };

    [TestMethod]
    [DynamicData(nameof(Kills))]
    public void AResumedTrainingEndsWithTheSameBits(int killAt, ScalarType type)
    {
        foreach (IOptimizer optimizer in new IOptimizer[] { new Sgd(), new Adam(), new AdamW() })
        {
            using var folder = new TemporaryFolder();
            TrainingOptions options = Options(folder.Path) with { Optimizer = optimizer };
            (Dictionary<string, double[]> expected, TrainingResult whole) = Train(options with { Checkpoints = null }, type);
            Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, type, KillAt(killAt)));
            (Dictionary<string, double[]> actual, TrainingResult resumed) = Train(options, type, network: Network(seed: 99, type: type));
            AssertSameBits(expected, actual);
            AssertSameHistory(whole, resumed);
        }
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(4)]
    [DataRow(9)]
    public void ATrainingInBFloat16IsResumedWithTheSameBitsAndNotInFloat32(int killAt)
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path) with { Precision = Precision.BFloat16 };
        (Dictionary<string, double[]> expected, TrainingResult whole) = Train(options with { Checkpoints = null }, ScalarType.Float32);
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, ScalarType.Float32, KillAt(killAt)));
        string refused = Assert.ThrowsExactly<CheckpointException>(
            () => Train(options with { Precision = Precision.Float32 }, ScalarType.Float32)).Message;
        StringAssert.Contains(refused, "options.precision was BFloat16 and is absent");
        (Dictionary<string, double[]> actual, TrainingResult resumed) = Train(
            options, ScalarType.Float32, network: Network(seed: 99, type: ScalarType.Float32));
        AssertSameBits(expected, actual);
        AssertSameHistory(whole, resumed);
    }

    [TestMethod]
    public void ATrainingThatIsKilledAgainAndAgainEndsWithTheSameBits()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path);
        (Dictionary<string, double[]> expected, TrainingResult whole) = Train(options with { Checkpoints = null });
        for (int kills = 0; kills < 3; kills++)
        {
            Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, progress: KillAt(3))); // the third step of each life
        }

        (Dictionary<string, double[]> actual, TrainingResult resumed) = Train(options);
        AssertSameBits(expected, actual);
        AssertSameHistory(whole, resumed);
        Assert.AreEqual(2, folder.Files.Length, "checkpoints kept");
    }

    [TestMethod]
    public void WithEarlyStoppingTheBestWeightsSurviveToo()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path) with
        {
            Epochs = 20, Schedule = new StepFactorSchedule([new RateStep(2, 300)]), EarlyStopping = new EarlyStopping { Patience = 2 },
        };
        (Dictionary<string, double[]> expected, TrainingResult whole) = Train(options with { Checkpoints = null });
        Assert.AreEqual(TrainingEnd.EarlyStopped, whole.Reason);
        int steps = (whole.EpochsDone * StepsPerEpoch) - 1; // in the middle of the last epoch: the best one is past
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, progress: KillAt(steps)));
        (Dictionary<string, double[]> actual, TrainingResult resumed) = Train(options);
        AssertSameBits(expected, actual);
        AssertSameHistory(whole, resumed);
        Assert.AreEqual((whole.Reason, whole.WeightsEpoch), (resumed.Reason, resumed.WeightsEpoch));
        List<TrainingProgress> reports = [];
        Train(options, progress: reports.Add);
        Assert.AreEqual(
            new TrainingResumed(whole.EpochsDone, 20, StepsPerEpoch, StepsPerEpoch, folder.Files[^1]) { IsFinished = true }, reports.OfType<TrainingResumed>().Single());
    }

    [TestMethod]
    public void ATrainingThatIsDoneIsReadBack()
    {
        using var folder = new TemporaryFolder();
        (Dictionary<string, double[]> expected, TrainingResult whole) = Train(Options(folder.Path));
        List<TrainingProgress> reports = [];
        (Dictionary<string, double[]> actual, TrainingResult again) = Train(
            Options(folder.Path), progress: reports.Add, network: Network(seed: 5));
        AssertSameBits(expected, actual);
        AssertSameHistory(whole, again);
        int epochs = whole.EpochsDone;
        Assert.AreEqual(
            new TrainingResumed(epochs, epochs, StepsPerEpoch, StepsPerEpoch, folder.Files[^1]) { IsFinished = true }, reports.Single(), "nothing is trained");
    }

    [TestMethod]
    [DataRow(2, 1, 1)]
    [DataRow(3, 1, 2)] // the checkpoint of the step at which it was killed is not written
    [DataRow(4, 2, 0)]
    [DataRow(9, 3, 2)]
    public void AResumedTrainingSaysFromWhere(int killAt, int epoch, int step)
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path);
        List<TrainingProgress> reports = [];
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, progress: reports.Add + KillAt(killAt)));
        Assert.IsEmpty(reports.OfType<TrainingResumed>());
        string newest = folder.Files[^1];

        reports.Clear();
        Train(options, progress: reports.Add);

        Assert.AreEqual(new TrainingResumed(epoch, options.Epochs, step, StepsPerEpoch, newest), reports[0]);
        Assert.HasCount(1, reports.OfType<TrainingResumed>());
        Assert.AreEqual((epoch, step + 1), reports.OfType<BatchProgress>().Select(batch => (batch.Epoch, batch.Step)).First());
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(StepsPerEpoch)] // heard in the validation at the epoch's end
    public void ACancelledTrainingIsWrittenDown(int step)
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path) with
        {
            Checkpoints = new CheckpointOptions(folder.Path) { EveryEpochs = null, EveryMinutes = 60 },
        };
        (Dictionary<string, double[]> expected, _) = Train(options with { Checkpoints = null });
        using var source = new CancellationTokenSource();
        using ImageNetwork network = Network();
        Assert.ThrowsExactly<OperationCanceledException>(() => new RobustTrainer(options).Fit(
            network,
            Images(40),
            Images(20, 8),
            progress => { if (progress is BatchProgress { Epoch: 2 } batch && batch.Step == step) { source.Cancel(); } },
            source.Token));
        Assert.AreEqual(1, folder.Files.Length);
        AssertSameBits(expected, Train(options).Weights);
    }

    [TestMethod]
    public void CheckpointsComeEverySoManyEpochsAndTheLastTwoAreKept()
    {
        using var folder = new TemporaryFolder();
        List<string> seen = [];
        TrainingOptions options = Options(folder.Path) with { Epochs = 7, Checkpoints = new CheckpointOptions(folder.Path) { EveryEpochs = 2 } };
        Train(options, progress: progress => { if (progress is EpochProgress) { seen.Add(string.Join(',', folder.Files.Select(Number))); } });
        CollectionAssert.AreEqual(new[] { string.Empty, "6", "6", "6,12", "6,12", "12,18", "18,21" }, seen);
    }

    [TestMethod]
    public void AHalfWrittenFileIsIgnoredAndRemoved()
    {
        using var folder = new TemporaryFolder();
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(Options(folder.Path), progress: KillAt(5)));
        string unfinished = System.IO.Path.Combine(folder.Path, "checkpoint-000000099.safetensors.unfinished");
        File.WriteAllText(unfinished, "half");
        AssertSameBits(Train(Options(folder.Path) with { Checkpoints = null }).Weights, Train(Options(folder.Path)).Weights);
        Assert.IsFalse(File.Exists(unfinished));
    }

    [TestMethod]
    public void ADamagedFileIsRefusedWhereverTheDamageIs()
    {
        using var folder = new TemporaryFolder();
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(Options(folder.Path), progress: KillAt(5)));
        string newest = folder.Files[^1];
        byte[] bytes = File.ReadAllBytes(newest);
        int header = 8 + (int)BitConverter.ToInt64(bytes);
        int[] places = [3, 8, header / 2, header - 20, header + 5, (header + bytes.Length) / 2, bytes.Length - 1];
        foreach (int place in places)
        {
            byte[] damaged = [.. bytes];
            damaged[place] ^= 1;
            File.WriteAllBytes(newest, damaged);
            CheckpointException error = Assert.ThrowsExactly<CheckpointException>(() => Train(Options(folder.Path)), $"byte {place}");
            StringAssert.StartsWith(error.Message, newest);
        }

        foreach (int length in new[] { 0, 7, header - 1, header, bytes.Length - 1 })
        {
            File.WriteAllBytes(newest, bytes[..length]);
            StringAssert.Contains(
                Assert.ThrowsExactly<CheckpointException>(() => Train(Options(folder.Path)), $"length {length}").Message, "is damaged");
        }

        // Without it, the one before is used.
        File.Delete(newest);
        AssertSameBits(Train(Options(folder.Path) with { Checkpoints = null }).Weights, Train(Options(folder.Path)).Weights);
    }

    [TestMethod]
    public void ACheckpointOfAnotherTrainingIsRefusedWithTheDifference()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path);
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, progress: KillAt(5)));

        AssertRefused(() => Train(options with { LearningRate = 0.5 }), "options.learningRate was 0.02 and is 0.5");
        AssertRefused(() => Train(options with { Objective = new CrossEntropy() }),
            "options.objective.$type was NoisyCrossEntropy and is CrossEntropy");
        AssertRefused(() => Train(options with { Optimizer = new AdamW { Beta1 = 0.5 } }), "options.optimizer.beta1 was 0.9 and is 0.5");
        AssertRefused(() => Train(options with { Checkpoints = options.Checkpoints! with { Identity = "fold 2" } }), "identity was  and is fold 2");
        AssertRefused(() => Train(options, network: Network(activation: Activation.Softplus(3))), "network.activation was ReLU and is softplus β=3");
        AssertRefused(() => Train(options, ScalarType.Float32), "network.dataType was Float64 and is Float32");
        AssertRefused(() => Train(options, images: Images(41)), "training.count was 40 and is 41");
        AssertRefused(() => Train(options, images: Images(40, 77)), "training.firstBatch was");

        // What cannot change the weights may differ: how often it reports, where it writes.
        AssertSameBits(Train(options with { Checkpoints = null }).Weights, Train(options with { ProgressInterval = TimeSpan.FromHours(1) }).Weights);

        void AssertRefused(Action train, string reason)
        {
            CheckpointException error = Assert.ThrowsExactly<CheckpointException>(train);
            StringAssert.Contains(error.Message, reason);
            StringAssert.Contains(error.Message, "belongs to another training");
        }
    }

    [TestMethod]
    public void AForeignFileIsRefused()
    {
        using var folder = new TemporaryFolder();
        using IDisposable scope = NewDisposeScope();
        Safetensors.Write(System.IO.Path.Combine(folder.Path, "checkpoint-000000001.safetensors"), [KeyValuePair.Create("a", ones(2))]);
        StringAssert.Contains(Assert.ThrowsExactly<CheckpointException>(() => Train(Options(folder.Path))).Message, "its format is 'absent'");
    }

    [TestMethod]
    public void NotResumingNeedsAnEmptyFolder()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path);
        TrainingOptions fresh = options with { Checkpoints = options.Checkpoints! with { Resume = false } };
        Train(fresh);
        StringAssert.Contains(Assert.ThrowsExactly<CheckpointException>(() => Train(fresh)).Message, "Resume is false");
    }

    [TestMethod]
    public void ADivergedTrainingIsNotWrittenDown()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path) with
        {
            Objective = new NoisyCrossEntropy { Weight = double.PositiveInfinity }, ProgressInterval = TimeSpan.FromHours(1),
        };
        Assert.ThrowsExactly<NonFiniteLossException>(() => Train(options));
        Assert.AreEqual(0, folder.Files.Length);
    }

    [TestMethod]
    public void NothingIsLeftBehind()
    {
        using var folder = new TemporaryFolder();
        using ImageNetwork network = Network();
        (TensorBatchSource images, TensorBatchSource validation) = (Images(40), Images(20, 8));
        TrainingOptions options = Options(folder.Path) with { EarlyStopping = new EarlyStopping() };
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;
        for (int life = 0; life < 2; life++)
        {
            Assert.ThrowsExactly<InvalidOperationException>(() => new RobustTrainer(options).Fit(network, images, validation, KillAt(4)));
        }

        new RobustTrainer(options).Fit(network, images, validation);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.AreEqual(before, Tensor.TotalCount, "live tensors");
    }

    [TestMethod]
    public void AnObjectiveThatCannotBeStoredIsRefusedBeforeTheFirstStep()
    {
        using var folder = new TemporaryFolder();
        var objective = new ScriptedObjective();
        Assert.ThrowsExactly<NotSupportedException>(() => Train(Options(folder.Path) with { Objective = objective }));
        Assert.AreEqual(0, objective.Steps);
    }

    [TestMethod]
    public void OptionsOutsideTheirRangeAreRefusedByName()
    {
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new CheckpointOptions(" ")).Message, "Folder is empty");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CheckpointOptions("a") { EveryEpochs = 0 }).Message, "EveryEpochs is 0");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CheckpointOptions("a") { EveryMinutes = 0 }).Message, "EveryMinutes is 0");
    }

    [TestMethod]
    public void TwoTrainingsDoNotShareAFolder()
    {
        using var folder = new TemporaryFolder();
        TrainingOptions options = Options(folder.Path);
        List<string> errors = [];
        (Dictionary<string, double[]> weights, _) = Train(options, progress: progress =>
        {
            if (progress is EpochProgress)
            {
                errors.Add(Assert.ThrowsExactly<CheckpointException>(() => Train(options with { Epochs = 1 })).Message);
            }
        });
        Assert.AreEqual(3, errors.Count);
        StringAssert.StartsWith(errors[0], $"Another training writes its checkpoints to {folder.Path}. ");
        AssertSameBits(Train(options with { Checkpoints = null }).Weights, weights);
        CollectionAssert.AreEqual(folder.Files, Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal).ToArray(), "the lock is gone");
        AssertSameBits(weights, Train(options).Weights); // the folder is free again
    }

    [TestMethod]
    public void AFolderThatCannotBeWrittenIsNamedBeforeTheFirstStep()
    {
        using var folder = new TemporaryFolder();
        string file = System.IO.Path.Combine(folder.Path, "file");
        File.WriteAllText(file, "no folder");
        int steps = 0;
        string message = Assert.ThrowsExactly<CheckpointException>(() => Train(Options(System.IO.Path.Combine(file, "in")), progress: _ => steps++)).Message;
        StringAssert.Contains(message, $"Checkpoints cannot be written to {System.IO.Path.Combine(file, "in")}: ");
        Assert.AreEqual(0, steps);
    }

    [TestMethod]
    public void FilesOfAnotherTrainingAreNotDeleted()
    {
        using TemporaryFolder other = new(), folder = new();
        Train(Options(other.Path) with { Epochs = 1, Seed = 12 });
        TrainingOptions options = Options(folder.Path);
        Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, progress: KillAt(5)));
        string foreign = System.IO.Path.Combine(folder.Path, "checkpoint-000000001.safetensors");
        File.Copy(other.Files[0], foreign);
        byte[] former = File.ReadAllBytes(foreign);

        Train(options);

        CollectionAssert.AreEqual(former, File.ReadAllBytes(foreign));
        Assert.AreEqual(3, folder.Files.Length, "the last two of its own, and the other's");
    }

    [TestMethod]
    public void AProcessKilledBySignalIsResumedWithTheSameBits()
    {
        using var folder = new TemporaryFolder();
        Dictionary<string, double[]> expected = Train(Options(folder.Path) with { Epochs = ChildEpochs, Checkpoints = null }).Weights;
        int former = 0;
        for (int kills = 0; kills < 2; kills++)
        {
            using ChildProcess child = ChildProcess.Start(nameof(CheckpointTests), folder.Path);
            int target = former + 3;
            Assert.IsTrue(
                SpinWait.SpinUntil(
                    () => folder.Files.Any(file => Number(file) >= target && !file.EndsWith("unfinished", StringComparison.Ordinal)),
                    TimeSpan.FromMinutes(2)),
                child.Output);
            Assert.IsTrue(
                Assert.ThrowsExactly<CheckpointException>(() => Train(Options(folder.Path) with { Epochs = ChildEpochs })).Message
                    .StartsWith($"Another training writes its checkpoints to {folder.Path}. ", StringComparison.Ordinal));
            child.Kill();
            former = folder.Files.Where(file => !file.EndsWith("unfinished", StringComparison.Ordinal)).Max(Number);
            Assert.IsTrue(former < ChildEpochs * StepsPerEpoch, "killed before its end");
        }

        AssertSameBits(expected, Train(Options(folder.Path) with { Epochs = ChildEpochs }).Weights);
    }

    /// <summary>What the child process of <see cref="AProcessKilledBySignalIsResumedWithTheSameBits"/> does: the same training, slowly.</summary>
    internal static int RunChild(string folder)
    {
        ComponentJson.Register<NoisyCrossEntropy>();
        Train(Options(folder) with { Epochs = ChildEpochs }, progress: _ => Thread.Sleep(50));
        return 0;
    }

    private static TrainingOptions Options(string folder) => new()
    {
        Objective = new NoisyCrossEntropy(), Epochs = 3, BatchSize = 16, LearningRate = 0.02, Schedule = new CosineSchedule { Minimum = 0.1 },
        GradientClipNorm = 0.5, Augmentation = new HorizontalFlip(),
        ProgressInterval = TimeSpan.Zero, Checkpoints = new CheckpointOptions(folder) { EveryMinutes = EveryStep }, Seed = 11,
    };

    private static (Dictionary<string, double[]> Weights, TrainingResult Result) Train(
        TrainingOptions options, ScalarType type = ScalarType.Float64, Action<TrainingProgress>? progress = null, ImageNetwork? network = null,
        TensorBatchSource? images = null)
    {
        using ImageNetwork trained = network ?? Network(type: type);
        TrainingResult result = new RobustTrainer(options).Fit(trained, images ?? Images(40), Images(20, 8), progress);
        return (Weights(trained), result);
    }

    /// <summary>Throws in the callback of the so-and-so-many-th step.</summary>
    private static Action<TrainingProgress> KillAt(int step)
    {
        int steps = 0;
        return progress =>
        {
            if (progress is BatchProgress && ++steps == step)
            {
                throw new InvalidOperationException("killed");
            }
        };
    }

    private static void AssertSameHistory(TrainingResult expected, TrainingResult actual)
    {
        Assert.AreEqual(expected.EpochsDone, actual.EpochsDone);
        foreach ((EpochProgress first, EpochProgress second) in expected.History.Zip(actual.History, (first, second) => (first, second)))
        {
            Assert.AreEqual(
                (first.Epoch, first.Loss, first.Accuracy, first.LearningRate, first.Validation),
                (second.Epoch, second.Loss, second.Accuracy, second.LearningRate, second.Validation));
            CollectionAssert.AreEqual(first.LossTerms.ToArray(), second.LossTerms.ToArray());
        }
    }

    private static int Number(string file) => int.Parse(System.IO.Path.GetFileName(file)["checkpoint-".Length..].Split('.')[0]);
}
