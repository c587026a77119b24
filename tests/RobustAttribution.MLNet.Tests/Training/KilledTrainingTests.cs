using System.Diagnostics;
using Microsoft.ML;
using RobustAttribution.Augmentations;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.MLNet.Tests.Models;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>A training in a process of its own that is killed by SIGKILL, whatever it is doing, again and again, ends with the bits of one that nobody disturbed.</summary>
[TestClass]
public sealed class KilledTrainingTests
{
    private const int Epochs = 12;
    private readonly string folder = Directory.CreateTempSubdirectory("killed-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    [DataRow(Precision.Float32)]
    [DataRow(Precision.BFloat16)]
    public void Twice(Precision precision) => KillAndCompare(kills: 2, pause: 25, precision);

    [TestMethod]
    [TestCategory("Long")]
    public void SixtyTimesAtFullSpeed() => KillAndCompare(kills: 60, pause: 0, Precision.Float32);

    /// <summary>What the other process does: trains with a checkpoint after each step, and pauses after each for the killer to come.</summary>
    internal static int Train(string checkpoints, string weights, int pause, Precision precision)
    {
        var context = new MLContext(seed: 5);
        IDataView raw = context.Data.LoadFromEnumerable(TestImage.Make(32));
        IDataView data = context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(new RobustAttributionImageClassificationTrainer.Options
        {
            Network = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8 },
            Objective = new LocalGradientAlignment(),
            Augmentation = new HorizontalFlip(),
            Schedule = new CosineSchedule(),
            ValidationSetFraction = 0.25,
            EarlyStopping = new EarlyStopping { Patience = Epochs },
            Epochs = Epochs,
            BatchSize = 4,
            Precision = precision,
            LearningRate = 0.01,
            ProgressInterval = TimeSpan.Zero,
            MetricsCallback = _ => Thread.Sleep(pause),
            Checkpoints = checkpoints.Length == 0 ? null : new CheckpointOptions(checkpoints) { EveryMinutes = 1e-9 },
        }).Fit(data);
        using FileStream file = File.Create(weights);
        model.Network.SaveWeights(file);
        return 0;
    }

    private void KillAndCompare(int kills, int pause, Precision precision)
    {
        string expected = Path.Combine(folder, "expected"), found = Path.Combine(folder, "found"), checkpoints = Path.Combine(folder, "checkpoints");
        Train(string.Empty, expected, 0, precision);
        var random = new Random();
        int alive = 0;
        for (int i = 0; i < kills; i++)
        {
            long before = Newest(checkpoints);
            using Process training = FreshProcess.Start("train", checkpoints, found, $"{pause}", $"{precision}");
            Assert.IsTrue(SpinWait.SpinUntil(() => training.HasExited || Newest(checkpoints) > before, TimeSpan.FromMinutes(2)), "no checkpoint within two minutes");
            Thread.Sleep(random.Next(Math.Max(3, 2 * pause)));
            alive += training.HasExited ? 0 : 1;
            training.Kill();
            training.WaitForExit();
        }

        Console.WriteLine($"{kills} kills, {alive} of a running training.");
        Assert.IsGreaterThanOrEqualTo(Math.Min(kills, 2), alive, "trainings that were alive when the signal came");
        Finish(FreshProcess.Start("train", checkpoints, found, "0", $"{precision}"));
        CollectionAssert.AreEqual(File.ReadAllBytes(expected), File.ReadAllBytes(found));
    }

    private static long Newest(string checkpoints)
        => Directory.Exists(checkpoints)
            ? Directory.GetFiles(checkpoints, "checkpoint-*.safetensors").Select(file => long.Parse(Path.GetFileNameWithoutExtension(file).AsSpan("checkpoint-".Length), null)).DefaultIfEmpty(-1).Max()
            : -1;

    private static void Finish(Process training)
    {
        using (training)
        {
            Task<string> standard = training.StandardOutput.ReadToEndAsync();
            string messages = training.StandardError.ReadToEnd() + standard.Result;
            training.WaitForExit();
            Assert.AreEqual(0, training.ExitCode, messages);
        }
    }
}
