using System.Diagnostics;
using Microsoft.ML;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>
/// A streamed training that is cancelled at any moment ends as its options say, writes its checkpoint, and goes on to the bits of one that nobody disturbed.
/// </summary>
[TestClass]
public sealed class CancelledTrainingTests
{
    private const int Epochs = 6, Images = 60, NoStep = -1;
    private readonly string folder = Directory.CreateTempSubdirectory("cancelled-tests").FullName;

    public TestContext TestContext { get; set; } = null!;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void SixTimes() => CancelAndCompare(rounds: 6);

    [TestMethod]
    [TestCategory("Long")]
    public void SixtyTimes() => CancelAndCompare(rounds: 60);

    private void CancelAndCompare(int rounds)
    {
        Train(new Round(0)).Model!.Dispose(); // what is slow once
        var clock = Stopwatch.StartNew();
        Outcome whole = Train(new Round(0));
        int milliseconds = (int)clock.ElapsedMilliseconds;
        byte[] expected = Weights(whole);
        int rows = whole.RowsRead;
        var random = new Random(20);
        Dictionary<string, int> ends = [];
        for (int i = 0; i < rounds; i++)
        {
            var round = new Round(i)
            {
                Checkpoints = Path.Combine(folder, $"{i}"),
                Behavior = (CancellationBehavior)(i % 3),
                ByTheContext = i / 3 % 2 == 1,
                Milliseconds = i / 6 % 2 == 1 ? random.Next(milliseconds) : null,
                Row = random.Next(rows),
            };
            Outcome cancelled = Train(round);
            string end = Check(round, cancelled, whole.LastStep, expected);
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        TestContext.WriteLine($"{rounds} cancelled, {milliseconds} ms and {rows} rows each: {string.Join(", ", ends.Select(pair => $"{pair.Value} {pair.Key}"))}");
        Assert.IsGreaterThan(rounds / 4, ends.GetValueOrDefault("in the training"));
    }

    /// <returns>When the cancellation came.</returns>
    private static string Check(Round round, Outcome outcome, int lastStep, byte[] expected)
    {
        int written = Directory.Exists(round.Checkpoints) ? Directory.GetFiles(round.Checkpoints!, "checkpoint-*").Length : 0;
        if (outcome.Model is null && written == 0)
        {
            Assert.AreEqual(NoStep, outcome.LastStep, $"{round}: without a checkpoint");
            return "before it";
        }

        Assert.AreEqual(1, written, $"{round}: checkpoints");
        Assert.AreEqual(outcome.Model is not { Training.Completed: true } && round.Behavior == CancellationBehavior.Throw, outcome.Model is null, $"{round}");
        if (outcome.Model?.Training is { Completed: false } training)
        {
            Assert.AreEqual(TrainingEnd.Cancelled, training.Reason);
            if (round.Behavior == CancellationBehavior.KeepBest && training.EpochsDone > 0)
            {
                Assert.IsInRange(1, training.EpochsDone, training.WeightsEpoch!.Value, $"{round}: the epoch of the weights");
            }
        }

        bool isDone = outcome.Model?.Training!.Completed == true;
        outcome.Model?.Dispose();
        Outcome resumed = Train(round with { Milliseconds = null, Row = null });
        int next = outcome.LastStep == lastStep ? NoStep : Math.Max(outcome.LastStep, 0) + 1;
        Assert.AreEqual(next, resumed.FirstStep, $"{round}: first step after the cancellation");
        Assert.IsTrue(resumed.Model!.Training!.Completed, $"{round}");
        CollectionAssert.AreEqual(expected, Weights(resumed), $"{round}: weights");
        return isDone ? "after it" : "in the training";
    }

    private static Outcome Train(Round round)
    {
        var context = new MLContext(seed: 5);
        using var stop = new CancellationTokenSource();
        Action cancel = round.ByTheContext ? context.Cancel : stop.Cancel;
        int rows = 0, first = NoStep, last = NoStep;
        IDataView raw = context.Data.LoadFromEnumerable(Samples());
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(context.Data.LoadFromEnumerable(TestImage.Make(3))).Transform(raw);
        var options = new RobustAttributionImageClassificationTrainer.Options
        {
            Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
            Augmentation = new HorizontalFlip(),
            CacheBudgetInBytes = 1000,
            ValidationSetFraction = 0.25,
            Epochs = Epochs,
            BatchSize = 4,
            LearningRate = 0.01,
            ProgressInterval = TimeSpan.Zero,
            OnCancellation = round.Behavior,
            CancellationToken = stop.Token,
            Checkpoints = round.Checkpoints is null ? null : new CheckpointOptions(round.Checkpoints) { EveryEpochs = null },
            MetricsCallback = report =>
            {
                if (report is BatchProgress batch)
                {
                    last = ((batch.Epoch - 1) * batch.StepsPerEpoch) + batch.Step;
                    first = first == NoStep ? last : first;
                }
            },
        };
        using Timer? timer = round.Milliseconds is int due ? new Timer(_ => cancel(), null, due, Timeout.Infinite) : null;
        try
        {
            return new Outcome(context.Transforms.RobustImageClassification(options).Fit(data), first, last, rows);
        }
        catch (OperationCanceledException)
        {
            return new Outcome(null, first, last, rows);
        }

        IEnumerable<TestImage> Samples()
        {
            foreach (TestImage sample in TestImage.Make(Images))
            {
                if (Interlocked.Increment(ref rows) == round.Row && round.Milliseconds is null)
                {
                    cancel(); // on a thread that reads
                }

                yield return sample;
            }
        }
    }

    private static byte[] Weights(Outcome outcome)
    {
        using RobustAttributionModelTransformer model = outcome.Model!;
        using var stream = new MemoryStream();
        model.Network.SaveWeights(stream);
        return stream.ToArray();
    }

    /// <summary>One training: cancelled after so many milliseconds, or where so many rows were read; not at all without both.</summary>
    private sealed record Round(int Number)
    {
        public string? Checkpoints { get; init; }

        public CancellationBehavior Behavior { get; init; }

        public bool ByTheContext { get; init; }

        public int? Milliseconds { get; init; }

        public int? Row { get; init; }
    }

    private sealed record Outcome(RobustAttributionModelTransformer? Model, int FirstStep, int LastStep, int RowsRead);
}
