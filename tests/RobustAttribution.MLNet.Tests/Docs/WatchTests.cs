using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Similarities;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of the pages about watching, stopping and resuming a training, and about the audit of a model.</summary>
[TestClass]
public sealed class WatchTests
{
    private readonly MLContext context = new(seed: 1);
    private readonly DataFolder folder = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    [TestMethod]
    public void TheCallbackSeesATrainingThatGoesOnFromAModel()
    {
        IDataView train = Train();
        using RobustAttributionModelTransformer model = WatchSnippets.Callback(context, train, epochs: 1);
        using RobustAttributionModelTransformer longer = WatchSnippets.Longer(context, train, model, epochs: 2);
        Assert.AreEqual((1, 2), (model.Training!.EpochsDone, longer.Training!.EpochsDone));
    }

    [TestMethod]
    public void TheLogGoesToALoggerAndAStoppedTrainingSaysFromWhereItGoesOn()
    {
        IDataView train = Train();
        var logger = new RecordingLogger();
        WatchSnippets.Log(context, logger);
        string checkpoints = folder.Of("checkpoints"), path = folder.Of("model.zip");
        WatchSnippets.Stop(context, train, epochs: 2, checkpoints, path);
        byte[] whole = File.ReadAllBytes(path);
        Assert.Contains(entry => entry.Level == LogLevel.Information && entry.Text.Contains("epoch 1 of 2: loss", StringComparison.Ordinal), logger.Entries);
        Assert.DoesNotContain(entry => entry.Text.Contains("resumed", StringComparison.Ordinal), logger.Entries);

        File.Delete(path);
        File.Delete(Directory.GetFiles(checkpoints, "checkpoint-*").Max()!); // as if it had been stopped after its first epoch
        logger.Entries.Clear();
        WatchSnippets.Stop(context, train, epochs: 2, checkpoints, path);

        string resumed = logger.Entries.Single(entry => entry.Text.Contains("resumed", StringComparison.Ordinal)).Text;
        StringAssert.EndsWith(resumed, "checkpoint-000000003.safetensors: epoch 2 of 2, 0 of 3 steps done");
        Assert.DoesNotContain(entry => entry.Text.Contains("epoch 1 of 2: loss", StringComparison.Ordinal), logger.Entries);
        Assert.HasCount(whole.Length, File.ReadAllBytes(path));
    }

    [TestMethod]
    public void TensorBoardsFileHasTheFiguresOfEachEpoch()
    {
        string runs = folder.Of("runs");
        using RobustAttributionModelTransformer model = WatchSnippets.Board(context, Train(), epochs: 2, runs);

        List<string> records = [.. Records(File.ReadAllBytes(Directory.GetFiles(runs, "*tfevents*", SearchOption.AllDirectories).Single()))];
        foreach (EpochProgress epoch in model.Training!.History)
        {
            AssertScalar("accuracy/training", epoch.Accuracy, epoch.Epoch);
            AssertScalar("accuracy/validation", epoch.Validation!.Accuracy, epoch.Epoch);
            AssertScalar("loss/cosine", epoch.LossTerms["cosine"], epoch.Epoch);
        }

        void AssertScalar(string tag, double value, int step)
        {
            string text = Encoding.Latin1.GetString([(byte)'\n', (byte)tag.Length]) + tag + (value == 0 ? string.Empty : "\u0015" + Encoding.Latin1.GetString(BitConverter.GetBytes((float)value)));
            Assert.HasCount(1, records.Where(record => record.Contains("\u0010" + (char)step, StringComparison.Ordinal) && record.Contains(text, StringComparison.Ordinal)).ToArray(), $"{tag} {value}");
        }
    }

    [TestMethod]
    public void TwoModelFilesBecomeOnePage()
    {
        string images = folder.Of("images"), page = folder.Of("audit.html");
        TestImage.Make(12).ForEach(sample => PipelineTests.Write(images, sample));
        var attack = new WorstCaseAttack { Judge = new TopKIntersection(9), Steps = 2, Restarts = 1, Queries = 2, NoiseDraws = 1 };

        RobustnessReport report = AuditSnippets.Audit(Model("former.zip", new CrossEntropy()), Model("candidate.zip", new LocalGradientAlignment()), images, page, 3, attack);

        Assert.HasCount(2, report.Verdicts);
        StringAssert.StartsWith(report.Verdicts[0], "former");
        StringAssert.StartsWith(report.Verdicts[1], "candidate");
        string html = File.ReadAllText(page);
        foreach (string expected in new[] { "worst case", "3 of 12 rows", "parts, March", "candidate" })
        {
            StringAssert.Contains(html, expected);
        }

        string Model(string name, ITrainingObjective objective)
        {
            IDataView train = context.Data.LoadImageFolders(images, options: new() { LabelsAsKey = true });
            using RobustAttributionModelTransformer model = context.Transforms.RobustImageClassification(
                new() { Input = new InputSpecification(1, 16, 16), Objective = objective, Epochs = 1 }).Fit(train);
            context.Model.Save(model, train.Schema, folder.Of(name));
            return folder.Of(name);
        }
    }

    /// <summary>The contents of TFRecords: a length of 8 bytes, its checksum of 4, the record, its checksum of 4.</summary>
    private static IEnumerable<string> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at));
            yield return Encoding.Latin1.GetString(file, at + 12, length);
            at += 12 + length + 4;
        }
    }

    private IDataView Train()
    {
        IDataView data = context.Data.LoadFromEnumerable(TestImage.Make(24));
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<(LogLevel Level, string Text)> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Entries.Add((logLevel, formatter(state, exception)));
    }
}
