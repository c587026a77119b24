using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML;

namespace RobustAttribution.Distributed.Tests;

/// <summary>Trainings on two and three ranks that mpirun starts, beside those of this process alone.</summary>
[TestClass]
public sealed class DistributedTrainingTests
{
    private static readonly Lazy<Trained> One = new(() => new Trained(1)), Two = new(() => new Trained(2)), Three = new(() => new Trained(3));

    // The training that others interrupt, uninterrupted on two ranks.
    private static readonly Lazy<TemporaryFolder> Whole = new(() =>
    {
        TemporaryFolder folder = new();
        MpiJob.Run(2, "interrupted", folder.Path, Path.Combine(folder.Path, "checkpoints"), "0");
        return folder;
    });

    [ClassCleanup]
    public static void DeleteFolders()
    {
        foreach (Lazy<Trained> job in new[] { One, Two, Three })
        {
            if (job.IsValueCreated)
            {
                job.Value.Folder.Dispose();
            }
        }

        if (Whole.IsValueCreated)
        {
            Whole.Value.Dispose();
        }
    }

    public static IEnumerable<object[]> Trainings => TrainingJob.Bounds.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void AllRanksGetTheSameBitsAndGetThemAgain(string training)
    {
        foreach (Trained job in new[] { Two.Value, Three.Value })
        {
            string first = Hash(job.Lines[0][training]);
            foreach (Dictionary<string, string> rank in job.Lines)
            {
                Assert.AreEqual(first, Hash(rank[training]));
                Assert.AreEqual(first, Hash(rank[$"{training} again"]));
            }
        }

        static string Hash(string line) => line[..line.IndexOf(" reports", StringComparison.Ordinal)]; // with the history of losses
    }

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void TheyAreThoseOfOneProcessButForRounding(string training)
    {
        if (TrainingJob.Bounds[training] is not double bound)
        {
            double apart = LargestDifference(One.Value.Weights(training), Two.Value.Weights(training));
            Assert.IsGreaterThan(1e-6, apart, "batch statistics are those of a share"); 
            return;
        }

        double[] alone = One.Value.Weights(training);
        Assert.IsLessThan(bound, LargestDifference(alone, Two.Value.Weights(training)));
        Assert.IsLessThan(bound, LargestDifference(alone, Three.Value.Weights(training)));
    }

    [TestMethod]
    public void OneRankReports()
    {
        foreach (Dictionary<string, string> rank in Three.Value.Lines)
        {
            Assert.EndsWith(rank == Three.Value.Lines[0] ? "reports some" : "reports none", rank["aga"]);
        }
    }

    [TestMethod]
    public void AValidationInSharesHasTheFiguresOfOneProcess()
    {
        foreach (Dictionary<string, string> rank in Two.Value.Lines.Concat(Three.Value.Lines))
        {
            Assert.AreEqual("True 41", rank["validation"]);
        }
    }

    [TestMethod]
    public void WhereOneRankIsCancelledAllStopAfterTheSameStep()
    {
        foreach (Trained job in new[] { Two.Value, Three.Value })
        {
            Assert.StartsWith("Cancelled 1 ", job.Lines[0]["cancelled"]);
            Assert.HasCount(1, job.Lines.Select(rank => rank["cancelled"]).Distinct());
        }
    }

    public static IEnumerable<object[]> Differences => Refusals.Names.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Differences))]
    public void RanksThatWereGivenSomethingElseAreRefused(string difference)
    {
        foreach (Dictionary<string, string> rank in Two.Value.Lines)
        {
            string message = rank[$"refused-{difference}"];
            Array.ForEach(Refusals.Expected[difference], text => Assert.Contains(text, message));
            Assert.IsLessThan(700, message.Length, message);
        }

        Assert.AreEqual("none", One.Value.Lines[0][$"refused-{difference}"]);
        Assert.Contains("on rank 2", Three.Value.Lines[0][$"refused-{difference}"]);
    }

    [TestMethod]
    public void AnMLNetPipelineWithoutASeedFitsTheSameModelOnEveryRank()
    {
        string[] models = [.. Three.Value.Lines.Select(rank => rank["mlnet"])];

        Assert.HasCount(1, models.Distinct());
        Assert.EndsWith("logged", models[0]);
    }

    [TestMethod]
    public void AKilledRankEndsTheJobWhichIsResumedAlsoByOtherRanks()
    {
        using TemporaryFolder killed = new(), resumed = new(), three = new();
        string checkpoints = Path.Combine(killed.Path, "checkpoints");
        using (MpiJob job = MpiJob.Start(2, "interrupted", killed.Path, checkpoints, "300"))
        {
            job.WaitFor("epoch 2");
            using (var rank = Process.GetProcessById(int.Parse(File.ReadAllText(Path.Combine(killed.Path, "pid1")), CultureInfo.InvariantCulture)))
            {
                rank.Kill();
            }

            var clock = Stopwatch.StartNew();
            Assert.AreNotEqual(0, job.Wait());
            Assert.IsLessThan(TimeSpan.FromSeconds(20), clock.Elapsed);
            Assert.Contains("signal 9", job.Output);
            Assert.DoesNotContain("epoch 6", job.Output);
        }

        string copy = Path.Combine(three.Path, "checkpoints");
        Directory.CreateDirectory(copy);
        string[] files = Directory.GetFiles(checkpoints, "*.safetensors");
        Assert.IsNotEmpty(files);
        Array.ForEach(files, file => File.Copy(file, Path.Combine(copy, Path.GetFileName(file))));

        string output = MpiJob.Run(2, "interrupted", resumed.Path, checkpoints, "0");
        Assert.DoesNotContain("epoch 1", output);
        MpiJob.Run(3, "interrupted", three.Path, copy, "0");

        string expected = File.ReadAllText(Path.Combine(Whole.Value.Path, "hash0"));
        Assert.AreEqual(expected, File.ReadAllText(Path.Combine(resumed.Path, "hash0")));
        Assert.AreEqual(expected[..64], File.ReadAllText(Path.Combine(resumed.Path, "hash1"))[..64]);
        Assert.IsLessThan(1e-13, LargestDifference(Weights(Whole.Value.Path), Weights(three.Path)));

        static double[] Weights(string folder) => Numbers(Path.Combine(folder, $"{TrainingJob.Interrupted}.weights"));
    }

    [TestMethod]
    public void TheHowToFitsAndSavesAModel()
    {
        using TemporaryFolder folder = new();
        string model = Path.Combine(folder.Path, "model.zip");

        string output = MpiJob.Run(2, "how-to", model);

        var context = new MLContext();
        using var loaded = (IDisposable)context.Model.Load(model, out DataViewSchema schema);
        Assert.IsNotNull(schema.GetColumnOrNull("Image"));
        Assert.Contains("Training with rank 0 of 2", output);
        Assert.DoesNotContain("Training with rank 1 of 2", output);
    }

    [TestMethod]
    public void TwoHostsGetTheBitsOfTwoRanksOnOne()
    {
        using TwoHosts hosts = TwoHosts.Make();
        using TemporaryFolder folder = new();

        hosts.Run("interrupted", folder.Path, Path.Combine(folder.Path, "checkpoints"), "0");

        Assert.AreEqual(File.ReadAllText(Path.Combine(Whole.Value.Path, "hash0")), File.ReadAllText(Path.Combine(folder.Path, "hash0")));
    }

    private static double[] Numbers(string file) => MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(file)).ToArray();

    private static double LargestDifference(double[] expected, double[] actual) => expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();

    /// <summary>All trainings, on a number of ranks.</summary>
    private sealed class Trained
    {
        public Trained(int size)
        {
            if (size == 1)
            {
                TrainingJob.TrainAll(Communicator.Single, Folder.Path);
            }
            else
            {
                MpiJob.Run(size, "train", Folder.Path);
            }

            Lines = [.. Enumerable.Range(0, size).Select(rank => File.ReadLines(Path.Combine(Folder.Path, FormattableString.Invariant($"rank{rank}")))
                .ToDictionary(line => Key(line), line => line[(Key(line).Length + 1)..]))];
        }

        public TemporaryFolder Folder { get; } = new();

        public Dictionary<string, string>[] Lines { get; }

        public double[] Weights(string training) => Numbers(Path.Combine(Folder.Path, $"{training}.weights"));

        private static string Key(string line)
        {
            string[] words = line.Split(' ');
            return words is [_, "again", ..] ? $"{words[0]} again" : words[0];
        }
    }
}
