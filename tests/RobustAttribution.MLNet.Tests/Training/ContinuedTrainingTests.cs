using Microsoft.ML;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Training;

/// <summary>Checkpoints, weights from files, threads.</summary>
[TestClass]
public sealed class ContinuedTrainingTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("continued-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void AStoppedTrainingGoesOnBitForBit()
    {
        using var scored = new Scored();
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { Epochs = 4, ProgressInterval = TimeSpan.Zero };
        float[] whole = Scores(scored, options);

        options = options with { Checkpoints = new CheckpointOptions(Path.Combine(folder, "checkpoints")) };
        int reports = 0;
        options = options with
        {
            MetricsCallback = _ =>
            {
                if (++reports == 10)
                {
                    throw new InvalidOperationException("power cut");
                }
            },
        };
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => Scores(scored, options)).Message, "power cut");
        string last = Directory.GetFiles(Path.Combine(folder, "checkpoints"), "checkpoint-*").Order(StringComparer.Ordinal).Last();
        List<string> messages = [];
        scored.Context.Log += (_, message) => messages.Add(message.RawMessage);
        options = options with { MetricsCallback = report => Assert.IsGreaterThan(2, report.Epoch) };
        CollectionAssert.AreEqual(whole, Scores(scored, options));
        Assert.AreEqual($"resumed from {last}: epoch 3 of 4, 0 of 3 steps done", messages.Single(message => message.StartsWith("resumed", StringComparison.Ordinal)));

        options = options with { LearningRate = 2 * options.LearningRate, MetricsCallback = null };
        StringAssert.Contains(Assert.ThrowsExactly<CheckpointException>(() => Scores(scored, options)).Message, "options.learningRate was 0.001 and is 0.002");

        options = options with { LearningRate = options.LearningRate / 2 };
        string newest = Directory.GetFiles(Path.Combine(folder, "checkpoints")).Order(StringComparer.Ordinal).Last();
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^1] ^= 1;
        File.WriteAllBytes(newest, bytes);
        StringAssert.Contains(Assert.ThrowsExactly<CheckpointException>(() => Scores(scored, options)).Message, $"{newest} is damaged");
    }

    [TestMethod]
    public void CheckpointsNeedASeed()
    {
        using var scored = new Scored();
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { Checkpoints = new CheckpointOptions(folder) };
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => new MLContext().Transforms.RobustImageClassification(options).Fit(scored.Data));
        StringAssert.Contains(error.Message, "Seed");
    }

    [TestMethod]
    public void WeightsComeFromAFileAndAHeadForOtherClassesIsNew()
    {
        using var scored = new Scored();
        string path = Path.Combine(folder, "weights.safetensors");
        using (FileStream file = File.Create(path))
        {
            scored.Model.Network.SaveWeights(file);
        }

        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { InitialWeightsPath = path, LearningRate = 1e-12, Optimizer = new AdamW { WeightDecay = 0 } };
        float[] copied = Scores(scored, options);
        float[] original = (float[])Rows.Read(scored.View, ["Score"])[0].Values["Score"];
        for (int i = 0; i < original.Length; i++)
        {
            Assert.AreEqual(original[i], copied[i], 1e-5);
        }

        List<string> messages = [];
        scored.Context.Log += (_, message) => messages.Add(message.Message);
        List<TestImage> four = TestImage.Make(12);
        four[0].Label = "other";
        IDataView raw = scored.Context.Data.LoadFromEnumerable(four);
        IDataView data = scored.Context.Transforms.Conversion.MapValueToKey("Label").Fit(raw).Transform(raw);
        options = options with { FrozenModules = ["inner.conv1"], LearningRate = 0.1 };
        using RobustAttributionModelTransformer model = scored.Context.Transforms.RobustImageClassification(options).Fit(data);
        Assert.AreEqual(4, model.Network.ClassCount);
        Assert.IsTrue(messages.Any(message => message.Contains("fresh ones for: inner.fc2.weight, inner.fc2.bias", StringComparison.Ordinal)), string.Join('\n', messages));
        CollectionAssert.AreEqual(Weights(scored.Model, "inner.conv1.weight"), Weights(model, "inner.conv1.weight"), "frozen");
        CollectionAssert.AreNotEqual(Weights(scored.Model, "inner.conv2.weight"), Weights(model, "inner.conv2.weight"), "trained");
    }

    /// <summary>An epoch that changes no weight moves the running statistics of batch normalisation, unless their modules are frozen.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void FinishedWeightsStayWhereAllModulesButTheHeadAreFrozen(bool frozen)
    {
        using var scored = new Scored();
        using var generator = new torch.Generator(3);
        var architecture = new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages };
        using ImageNetwork finished = ImageNetwork.Create(architecture, new InputSpecification(1, TestImage.Side, TestImage.Side), 3, Activation.Relu, generator);
        string path = Path.Combine(folder, "finished.safetensors");
        using (FileStream file = File.Create(path))
        {
            finished.SaveWeights(file);
        }

        using RobustAttributionModelTransformer model = scored.Context.Transforms.RobustImageClassification(Scored.Options(Activation.Relu) with
        {
            Network = architecture,
            InitialWeightsPath = path,
            LearningRate = 1e-30,
            FrozenModules = frozen ? ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"] : null,
        }).Fit(scored.Data);
        using var saved = new MemoryStream();
        model.Network.SaveWeights(saved);
        Assert.AreEqual(frozen, File.ReadAllBytes(path).AsSpan().SequenceEqual(saved.ToArray()));
    }

    [TestMethod]
    public void AnUnreadableWeightsFileIsNamed()
    {
        using var scored = new Scored();
        string path = Path.Combine(folder, "weights.safetensors");
        File.WriteAllBytes(path, [1, 2, 3]);
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { InitialWeightsPath = path };
        StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => Scores(scored, options)).Message, path);
    }

    [TestMethod]
    public void WeightsThatAreNotFreshAreNotScaled()
    {
        using var scored = new Scored();
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { DataDependentInitialization = true };
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => Scores(scored, options with { InitialWeightsPath = "weights.safetensors" })).Message,
            "DataDependentInitialization is true and InitialWeightsPath is 'weights.safetensors'; allowed is one of them.");

        using RobustAttributionModelTransformer model = scored.Context.Transforms.RobustImageClassification(options).Fit(scored.Data);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => scored.Context.Transforms.RobustImageClassification(options).Fit(scored.Data, model)).Message,
            "DataDependentInitialization is true, which scales fresh weights");
    }

    [TestMethod]
    public void TheNumberOfThreadsIsAsBefore()
    {
        using var scored = new Scored();
        int before = torch.get_num_threads();
        int during = 0;
        RobustAttributionImageClassificationTrainer.Options options = Scored.Options() with { Threads = before + 1, MetricsCallback = _ => during = torch.get_num_threads() };
        Scores(scored, options);
        Assert.AreEqual(before + 1, during);
        Assert.AreEqual(before, torch.get_num_threads());
        options = options with { MetricsCallback = _ => throw new InvalidOperationException("stop") };
        Assert.ThrowsExactly<InvalidOperationException>(() => Scores(scored, options));
        Assert.AreEqual(before, torch.get_num_threads());
    }

    private static float[] Scores(Scored scored, RobustAttributionImageClassificationTrainer.Options options)
    {
        using RobustAttributionModelTransformer model = scored.Context.Transforms.RobustImageClassification(options).Fit(scored.Data);
        return (float[])Rows.Read(model.Transform(scored.Data), ["Score"])[0].Values["Score"];
    }

    private static float[] Weights(RobustAttributionModelTransformer model, string name)
        => model.Network.Backbone.named_parameters().First(entry => entry.name == name).parameter.data<float>().ToArray();
}
