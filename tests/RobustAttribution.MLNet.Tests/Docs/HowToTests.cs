using System.Text.Json;
using Microsoft.ML;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using TorchSharp;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The how-to pages' code, run where that takes no long training.</summary>
[TestClass]
public sealed class HowToTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void ANetworkOfOnesOwnIsTrainedSavedAndLoaded()
    {
        using var folder = new DataFolder();
        IDataView train = Train(24);
        string path = folder.Of("model.zip");
        ITransformer model = NetworkSnippets.Train(Context, train, epochs: 1);
        using var owned = (IDisposable)model;
        Context.Model.Save(model, train.Schema, path);

        ITransformer loaded = Context.Model.Load(path, out _);

        using var ownedToo = (IDisposable)loaded;
        float[] before = Context.Data.CreateEnumerable<Scores>(model.Transform(train), false).First().Score;
        CollectionAssert.AreEqual(before, Context.Data.CreateEnumerable<Scores>(loaded.Transform(train), false).First().Score);

        string weights = folder.Of("weights.safetensors");
        NetworkSnippets.Save((RobustAttributionModelTransformer)((IEnumerable<ITransformer>)model).Last(), weights);
        using var stream = new BinaryReader(File.OpenRead(weights));
        using JsonDocument header = JsonDocument.Parse(stream.ReadBytes((int)stream.ReadInt64())); // safetensors: its length, then JSON
        CollectionAssert.Contains(header.RootElement.EnumerateObject().Select(entry => entry.Name).ToArray(), "conv1.weight");
    }

    [TestMethod]
    public void ANetworkWrittenYearsAgoIsExplainedAndAttacked()
    {
        using torch.Tensor images = torch.rand([2, 1, 28, 28]), classes = torch.tensor(new long[] { 3, 4 });
        (long[] relevance, long[] attacked) = NetworkSnippets.Wrap(new NetworkSnippets.OldNet(), images, classes);
        CollectionAssert.AreEqual(images.shape, relevance);
        CollectionAssert.AreEqual(images.shape, attacked);
    }

    [TestMethod]
    public void AnAttackAndAnObjectiveOfOnesOwnWorkInAPipeline()
    {
        (ITransformer model, AttributionRobustnessMetrics metrics) = ExtensionSnippets.Use(Context, Train(24), Train(6), epochs: 1);

        using var owned = (IDisposable)model;
        Assert.AreEqual(6, metrics.RowCount);
        Assert.IsTrue(metrics.ValidCount > 0 && metrics.Similarities.Values.First().Mean < 1, metrics.ToString());
    }

    [TestMethod]
    public void TheSmoothActivationAloneIsTrained()
    {
        ITransformer model = TrainingSnippets.Choose(Context, Train(24), epochs: 1);

        using var owned = (IDisposable)model;
        Assert.AreEqual(Activation.Softplus(3), ((IEnumerable<ITransformer>)model).OfType<RobustAttributionModelTransformer>().Single().Network.Activation);
    }

    [TestMethod]
    public void TrainingsAreTunedAndWatchedAndMetricsRead()
    {
        IDataView data = Context.Transforms.Conversion.MapValueToKey("Label").Fit(Train(12)).Transform(Train(12));
        TrainingSnippets.Tune(Context, data, Context.Data.TakeRows(data, 3), epochs: 1);
        using RobustAttributionModelTransformer model = TrainingSnippets.Watch(Context, epochs: 1).Fit(data);

        MetricsSnippets.Evaluate(Context, model.Transform(Context.Data.TakeRows(data, 3)));

        Assert.AreEqual(1, model.Training!.EpochsDone);
    }

    [TestMethod]
    public void TheGpuIsAskedForAndTheCpuStandsIn()
    {
        MLContext context = TrainingSnippets.Gpu();
        IDataView train = context.Data.TakeRows(FashionMnist.Load(context, DatasetSplit.Train), 12);

        ITransformer model = TrainingSnippets.Choose(context, train, epochs: 1);

        using var owned = (IDisposable)model;
        torch.Device device = ((IEnumerable<ITransformer>)model).OfType<RobustAttributionModelTransformer>().Single().Network.Device;
        Assert.AreEqual(torch.cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, device.type);
    }

    private static IDataView Train(int rows) => Context.Data.TakeRows(FashionMnist.Load(Context, DatasetSplit.Train), rows);

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
