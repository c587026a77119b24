using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Training;
using TorchSharp;
using static RobustAttribution.Tests.Fixtures.TrainingProblems;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Training;

[TestClass]
public sealed class FiniteTrainingTests
{
    private const string Buffer = "norm.running_var";

    private static readonly TrainingOptions OneStep = new() { Epochs = 1, BatchSize = 16, ProgressInterval = TimeSpan.FromHours(1) };

    [TestMethod]
    [DataRow("AdamW", 1e30, "logits", "the largest magnitude of its parameters and buffers is 1E+30, in '")]
    [DataRow("AdamW", 1e38, "loss", "too large for Float32: the learning rate (1E+38)")] // Adam divides it by 1 − β₁
    [DataRow("Sgd", 1e38, "logits", "Lower the learning rate (1E+38), or clip the gradient (GradientClipNorm).")]
    [DataRow("Sgd", 1e300, "loss", "too large for Float32: the learning rate (1E+300)")]
    [DataRow("AdamW", 1e300, "loss", "too large for Float32: the learning rate (1E+300)")]
    public void AStepThatDivergesIsNoTrainedNetwork(string optimizer, double rate, string term, string part)
    {
        using ImageNetwork network = Network(type: ScalarType.Float32);
        using var folder = new TemporaryFolder();
        TrainingOptions options = OneStep with
        {
            LearningRate = rate,
            Optimizer = optimizer == "Sgd" ? new Sgd() : new AdamW(),
            Checkpoints = new CheckpointOptions(folder.Path),
        };
        NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(() => new RobustTrainer(options).Fit(network, Images(16)));
        Assert.AreEqual((1, 1, term), (error.Epoch, error.Step, error.Term), error.Message);
        StringAssert.Contains(error.Message, part);
        Assert.AreEqual(0, folder.Files.Length, "checkpoints");
    }

    [TestMethod]
    [DataRow(typeof(CrossEntropy))]
    [DataRow(typeof(AdversarialCrossEntropy))]
    [DataRow(typeof(LocalGradientAlignment))]
    [DataRow(typeof(HessianNormPenalty))]
    [DataRow(typeof(SpatialAlignment))]
    [DataRow(typeof(InputGradientPenalty))]
    [DataRow(typeof(RankThickness))]
    [DataRow(typeof(Trades))]
    public void EveryObjectiveNamesADivergingTraining(Type objective)
    {
        using var generator = new Generator(1, CPU);
        using ImageNetwork network = ImageNetwork.Create(
            new SmallConvNetArchitecture { FirstStageChannels = 2, SecondStageChannels = 2, HiddenUnits = 4 }, TinyNetworks.Input(1), 4, Activation.Softplus(3), generator);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 32);
        using (images)
        using (classes)
        {
            TrainingObjective chosen = objective == typeof(RankThickness) ? new RankThickness { K = 9 } : (TrainingObjective)Activator.CreateInstance(objective)!;
            NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(() => new RobustTrainer(
                OneStep with { Epochs = 3, BatchSize = 8, LearningRate = 1e30, Optimizer = new Sgd(), Objective = chosen }).Fit(network, new TensorBatchSource(images, classes)));
            StringAssert.Contains(error.Message, "Lower the learning rate");
        }
    }

    [TestMethod]
    public void ABufferThatIsNotFiniteIsNamedBeforeAnEpochIsTheBest()
    {
        using ImageNetwork network = Network();
        var objective = new ScriptedObjective((step, _) => { if (step == 3) { Poison(network); } });
        bool reported = false;
        NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(() => new RobustTrainer(
            OneStep with { Objective = objective, Epochs = 2, OnCancellation = CancellationBehavior.KeepBest })
            .Fit(network, Images(48), Images(16, 8), progress => reported |= progress is not BatchProgress));
        Assert.AreEqual((1, 3, Buffer), (error.Epoch, error.Step, error.Term));
        StringAssert.Contains(error.Message, $"'{Buffer}' of the network was not finite in epoch 1, after step 3. Lower the learning rate (0.001)");
        Assert.IsFalse(reported);
    }

    [TestMethod]
    public void ACancelledTrainingDoesNotKeepWhatIsNotFinite()
    {
        using var source = new CancellationTokenSource();
        using ImageNetwork network = Network();
        var objective = new ScriptedObjective((step, _) =>
        {
            if (step == 2)
            {
                Poison(network);
                source.Cancel();
            }
        });
        TrainingOptions options = OneStep with { Objective = objective, OnCancellation = CancellationBehavior.KeepLatest };
        NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(
            () => new RobustTrainer(options).Fit(network, Images(48), cancellationToken: source.Token));
        Assert.AreEqual((1, 2, Buffer), (error.Epoch, error.Step, error.Term));
    }

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(false, false)]
    [DataRow(false, true)]
    public void ACancelledTrainingKeepsItsBestWeightsAlsoWhereItsLatestAreNotFinite(bool checkpointed, bool atTheEndOfAnEpoch)
    {
        using var source = new CancellationTokenSource();
        using ImageNetwork network = Network();
        using var folder = new TemporaryFolder();
        Dictionary<string, double[]> best = [];
        TrainingOptions options = OneStep with
        {
            Epochs = 3,
            ProgressInterval = TimeSpan.Zero,
            OnCancellation = CancellationBehavior.KeepBest,
            Checkpoints = checkpointed ? new CheckpointOptions(folder.Path) : null,
        };
        List<TrainingProgress> reported = [];
        TrainingResult result = new RobustTrainer(options).Fit(network, Images(48), Images(16, 8), Report, source.Token);
        Assert.AreEqual((TrainingEnd.Cancelled, 1, (int?)1), (result.Reason, result.EpochsDone, result.WeightsEpoch));
        AssertSameBits(best, Weights(network));
        string warning = result.Warnings.Single();
        StringAssert.StartsWith(warning, $"'{Buffer}' of the network was not finite in epoch 2, after step {(atTheEndOfAnEpoch ? 3 : 2)}.");
        StringAssert.Contains(warning, "The training was cancelled: the network has the weights of epoch 1, its best" + (checkpointed ? ", and no" : "."));
        Assert.AreEqual(warning, reported.OfType<TrainingWarning>().Single().Message);
        Assert.AreEqual(checkpointed ? 1 : 0, folder.Files.Length, "checkpoints");

        void Report(TrainingProgress progress)
        {
            reported.Add(progress);
            if (progress is EpochProgress)
            {
                best = Weights(network);
            }
            else if (progress is BatchProgress { Epoch: 2 } batch && batch.Step == (atTheEndOfAnEpoch ? 3 : 2))
            {
                Poison(network);
                source.Cancel();
            }
        }
    }

    [TestMethod]
    public void AValidationLossThatIsNotFiniteEndsTheTraining()
    {
        using var network = new ImageNetwork(new Logarithm(), new InputSpecification(1, 6, 6) { Mean = [0], StandardDeviation = [1] }, Classes);
        var black = new TensorBatchSource(zeros(4, 1, 6, 6, ScalarType.Byte), zeros(4, ScalarType.Int64));
        NonFiniteLossException error = Assert.ThrowsExactly<NonFiniteLossException>(
            () => new RobustTrainer(OneStep with { Epochs = 3 }).Fit(network, Images(16), black));
        Assert.AreEqual((1, "validation loss"), (error.Epoch, error.Term));
        StringAssert.Contains(error.Message, "The validation loss was NaN in epoch 1. Lower the learning rate (0.001)");
    }

    [TestMethod]
    public void WeightsThatAreNotFiniteAreNeitherSavedNorLoaded()
    {
        using ImageNetwork network = Network(type: ScalarType.Float32), target = Network(seed: 2, type: ScalarType.Float32);
        using MemoryStream stream = new(), huge = new();
        using (ImageNetwork wide = Network())
        {
            wide.SaveWeights(stream);
            using (no_grad())
            {
                wide.Backbone.get_parameter("fc.bias")!.fill_(1e300); // finite in float64 alone
            }

            wide.SaveWeights(huge);
        }

        Dictionary<string, double[]> former = Weights(target);
        foreach (Action<Stream> load in new Action<Stream>[] { target.LoadWeights, weights => target.LoadMatchingWeights(weights) })
        {
            huge.Position = 0;
            string message = Assert.ThrowsExactly<FormatException>(() => load(huge)).Message;
            StringAssert.Contains(message, "Tensor 'fc.bias' has a value that is not finite (NaN or infinity), or that Float32 cannot hold");
            AssertSameBits(former, Weights(target));
        }

        Poison(network);
        stream.SetLength(0);
        string unsaved = Assert.ThrowsExactly<InvalidOperationException>(() => network.SaveWeights(stream)).Message;
        StringAssert.Contains(unsaved, $"Tensor '{Buffer}' of the network Backbone has a value that is not finite");
        Assert.AreEqual(0, stream.Length);
    }

    private static void Poison(ImageNetwork network)
    {
        using IDisposable mode = no_grad();
        network.Backbone.get_buffer(Buffer)!.fill_(double.NaN);
    }

    /// <summary>Finite for every image but a black one.</summary>
    private sealed class Logarithm : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear fc = nn.Linear(1, Classes);

        public Logarithm()
            : base(nameof(Logarithm)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc.call(input.flatten(1).mean([1], keepdim: true).log());
    }
}
