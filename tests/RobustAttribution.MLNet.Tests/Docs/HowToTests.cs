using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.MLNet.Tests.Fixtures;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.PyBridge;

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
    public void WeightsOfTorchVisionGiveTorchVisionsLogits()
    {
        using var folder = new DataFolder();
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable mode = torch.no_grad();
        var input = new InputSpecification(3, 224, 224) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] };
        torch.nn.Module<torch.Tensor, torch.Tensor> module = torchvision.models.resnet18();
        using var generator = new torch.Generator(5);
        foreach (torch.Tensor weight in module.parameters().Where(parameter => parameter.dim() > 1))
        {
            weight.copy_(torch.randn(weight.shape, generator: generator) * Math.Sqrt(2.0 * weight.shape[0] / weight.numel())); // the module's own come from the global generator
        }

        foreach (BatchNorm2d norm in module.modules().OfType<BatchNorm2d>())
        {
            norm.get_buffer("running_mean")!.copy_((torch.rand(norm.num_features, generator: generator) * 0.6) - 0.3);
            norm.get_buffer("running_var")!.copy_(torch.rand(norm.num_features, generator: generator) + 0.5);
        }

        using var original = new ImageNetwork(module, input, 1000);
        string path = folder.Of("weights.safetensors");
        using (FileStream file = File.Create(path))
        {
            original.SaveWeights(file);
        }

        torch.Tensor images = torch.rand([2, 3, 224, 224], generator: generator);
        module.eval();
        torch.Tensor mean = torch.tensor(new float[] { 0.485f, 0.456f, 0.406f }).reshape(1, 3, 1, 1);
        torch.Tensor deviation = torch.tensor(new float[] { 0.229f, 0.224f, 0.225f }).reshape(1, 3, 1, 1);
        torch.Tensor expected = module.call((images - mean) / deviation);

        torch.Tensor logits = NetworkSnippets.Load(path, images);

        Assert.AreEqual(0, (logits - expected).abs().max().item<float>(), 1e-4 * expected.abs().max().item<float>());
    }

    /// <summary>model.zip of TorchVision's weights, from safetensors, TorchSharp's own file and a .pth: TorchVision's scores, and relevance maps.</summary>
    [TestMethod]
    [DataRow("safetensors")]
    [DataRow("dat")]
    [DataRow("pth")]
    public void WeightsOfTorchVisionAreAModelWithoutAnEpoch(string format)
    {
        using var folder = new DataFolder();
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable mode = torch.no_grad();
        int side = format == "safetensors" ? 224 : 32;
        var input = new InputSpecification(3, side, side) { Mean = [0.485, 0.456, 0.406], StandardDeviation = [0.229, 0.224, 0.225] };
        torch.nn.Module<torch.Tensor, torch.Tensor> module = torchvision.models.resnet18(num_classes: 4);
        using var generator = new torch.Generator(5);
        foreach (BatchNorm2d norm in module.modules().OfType<BatchNorm2d>())
        {
            norm.get_buffer("running_mean")!.uniform_(-0.3, 0.3, generator);
            norm.get_buffer("running_var")!.uniform_(0.5, 1.5, generator);
        }

        string weights = folder.Of($"weights.{format}"), path = folder.Of("model.zip");
        string[] names = ["cat", "dog", "car", "boat"];
        torch.Tensor pixels = (torch.rand(3, 3, 4, 4, generator: generator) * 256).floor()
            .repeat_interleave(side / 4, 2).repeat_interleave(side / 4, 3); // tiles: noise of single pixels looks all alike to a network
        IDataView images = VectorsOf(pixels);
        var original = new ImageNetwork(module, input, 4);
        // Whatever the layers began with: scores that differ between the images, and none near 0 or 1.
        module.get_parameter("fc.bias")!.zero_();
        torch.Tensor logits = original.Logits(pixels / 255), spread = logits.std(0).max();
        module.get_parameter("fc.weight")!.div_(spread);
        module.get_parameter("fc.bias")!.copy_(-logits.mean([0]) / spread);
        ITransformer model;
        switch (format)
        {
            case "safetensors":
                using (FileStream file = File.Create(weights))
                {
                    original.SaveWeights(file);
                }

                model = NetworkSnippets.Model(Context, images, weights, names, path);
                break;
            case "dat":
                module.save(weights);
                model = NetworkSnippets.VisionModel(Context, images, weights, input, names);
                break;
            default:
                module.save_py(weights);
                RobustAttribution.Serialization.ComponentJson.Register<NetworkSnippets.VisionResNet18>();
                model = NetworkSnippets.Pickle(Context, images, weights, input, names);
                break;
        }

        using var owned = (IDisposable)model;
        torch.Tensor expected = torch.nn.functional.softmax(original.Logits(pixels / 255), 1);
        IDataView scored = model.Transform(images);
        float[][] scores = [.. Context.Data.CreateEnumerable<Scores>(scored, false).Select(row => row.Score)];
        for (int i = 0; i < scores.Length; i++)
        {
            Assert.AreEqual(0, (expected[i] - torch.tensor(scores[i])).abs().max().item<float>(), 1e-5);
        }

        Assert.IsGreaterThan(0.01f, expected.std(0).max().item<float>(), "the scores depend on the images");
        if (format != "pth")
        {
            List<Rows.Row> maps = Rows.Read(scored, [format == "dat" ? "Relevance" : "Saliency"]);
            Assert.IsTrue(maps.All(row => ((float[])row.Values.Values.Single()).Any(value => value != 0)));
        }

        if (format == "safetensors")
        {
            ITransformer loaded = Context.Model.Load(path, out _);
            using var ownedToo = (IDisposable)loaded;
            CollectionAssert.AreEqual(scores[2], Context.Data.CreateEnumerable<Scores>(loaded.Transform(images), false).Last().Score);
        }
    }

    /// <summary>Labels are mapped to the network's own classes, whatever comes first in the data.</summary>
    [TestMethod]
    public void LabelsAreMappedToTheNetworksClasses()
    {
        IDataView rows = Context.Data.LoadFromEnumerable(new[] { new { Label = "dog" }, new { Label = "cat" } });
        IDataView keys = NetworkSnippets.Keys(Context, rows, ["cat", "dog"]);
        CollectionAssert.AreEqual(new uint[] { 2, 1 }, Rows.Read(keys, ["Label"]).Select(row => (uint)row.Values["Label"]).ToArray());
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
    public void TheMapThatIsShownIsTrained()
    {
        ITransformer model = TrainingSnippets.ChooseRobust(Context, Train(24), epochs: 1);

        using var owned = (IDisposable)model;
        TrainingResult training = ((IEnumerable<ITransformer>)model).OfType<RobustAttributionModelTransformer>().Single().Training!;
        Assert.IsTrue(training.History.Single().LossTerms["correlation"] > 0);
    }

    [TestMethod]
    public void TrainingsAreTunedAndWatchedAndMetricsRead()
    {
        IDataView data = Context.Transforms.Conversion.MapValueToKey("Label").Fit(Train(12)).Transform(Train(12));
        TrainingSnippets.Tune(Context, data, Context.Data.TakeRows(data, 3), epochs: 1);
        using RobustAttributionModelTransformer model = TrainingSnippets.Watch(Context, epochs: 1).Fit(data);

        IDataView three = Context.Data.TakeRows(data, 3);
        MetricsSnippets.Evaluate(Context, model.Transform(three));
        var attack = new TopKAttack { Steps = 1 };
        Assert.AreEqual(0, MetricsSnippets.Compare(Context, model, model, three, attack).AccuracyBefore.Mean);
        Assert.HasCount(3, MetricsSnippets.Controls(Context, model.Transform(three), attack).Controls);

        Assert.AreEqual(1, model.Training!.EpochsDone);
    }

    [TestMethod]
    public void AModelIsDeployedWithoutLibtorch()
    {
        using var folder = new DataFolder();
        ITransformer model = TrainingSnippets.Choose(Context, Train(24), epochs: 1);
        using var owned = (IDisposable)model;
        OnnxSnippets.Convert(Context, model, folder.Of("model.onnx"));
        using (var session = new InferenceSession(folder.Of("model.onnx")))
        {
            CollectionAssert.AreEquivalent(new[] { "Score", "Probability", "PredictedIndex", "Saliency", "Cam", "Path" }, session.OutputNames.ToArray());
        }

        using var generator = new torch.Generator(5);
        using var network = ImageNetwork.Create(NetworkArchitecture.SmallConvNet, new(3, 64, 64), 2, Activation.Softplus(3), generator);
        byte[] bytes = [.. Enumerable.Range(0, 64 * 64 * 4).Select(i => (byte)(i % 4 == 3 ? 255 : i * 37 % 251))];
        using (MLImage image = MLImage.CreateFromPixels(64, 64, MLPixelFormat.Rgba32, bytes))
        {
            image.Save(folder.Of("photo.png"));
        }

        using torch.Tensor images = torch.tensor(bytes).reshape(64, 64, 4).permute(2, 0, 1).narrow(0, 0, 3).unsqueeze(0).to(torch.ScalarType.Float32) / 255;
        string path = folder.Of("network.onnx");
        OnnxSnippets.Save(network, path);
        using torch.Tensor second = new SaliencyMap().Of(network, images, torch.tensor(new long[] { 1 }));
        (string predicted, float[] map) = OnnxSnippets.Run(path, [.. images.contiguous().data<float>()]);
        float[] expected = [.. second.data<float>()];
        Assert.AreEqual(0, map.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), 1e-2 * expected.Max());
        using torch.Tensor logits = network.Logits(images);
        long index = logits.argmax(1).item<long>();
        Assert.AreEqual(index == 0 ? "cat" : "dog", predicted);

        IDataView rows = Context.Data.LoadFromEnumerable([new { Path = folder.Of("photo.png") }]);
        IDataView scored = OnnxSnippets.Apply(Context, path).Fit(rows).Transform(rows);
        float[] probabilities = [.. scored.GetColumn<float[]>("Probability").Single()];
        Assert.AreEqual(logits.softmax(1)[0, 0].item<float>(), probabilities[0], 1e-4);
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

    private static IDataView VectorsOf(torch.Tensor pixels)
    {
        int side = (int)pixels.shape[3];
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Vector));
        schema["Image"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3, side, side);
        return Context.Data.LoadFromEnumerable(
            Enumerable.Range(0, (int)pixels.shape[0]).Select(i => new Vector { Image = pixels[i].contiguous().data<float>().ToArray() }).ToList(), schema);
    }

    private sealed class Vector
    {
        public float[] Image { get; set; } = [];
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];
    }
}
