using System.Text.Json;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>Our networks against PyTorch's and torchvision's, with weights from a formula (GoldenValues/Networks/make_networks.py).</summary>
[TestClass]
public sealed class NetworkGoldenTests
{
    private static readonly JsonElement Cases
        = JsonDocument.Parse(File.ReadAllText(GoldenFile.Path("Networks", "logits.json"))).RootElement.GetProperty("cases");

    private static readonly Dictionary<string, NetworkArchitecture> Architectures = new()
    {
        ["small-conv-net"] = NetworkArchitecture.SmallConvNet,
        ["lenet"] = NetworkArchitecture.LeNet,
        ["resnet18-small"] = new ResNetArchitecture { Width = 8, Stem = ResNetStem.SmallImages },
        ["resnet18"] = new ResNetArchitecture { Width = 8 },
        ["resnet50"] = new ResNetArchitecture { Depth = 50, Width = 8 },
        ["resnet50-localization"] = new ResNetArchitecture { Depth = 50, Width = 8, LastStageStride = 1 },
        ["wideresnet-16-2"] = new WideResNetArchitecture { Depth = 16, WidthFactor = 2 },
    };

    public static IEnumerable<object[]> CaseNames => Cases.EnumerateObject().Select(item => new object[] { item.Name });

    [TestMethod]
    [DynamicData(nameof(CaseNames))]
    public void LogitsArePyTorchs(string name)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        long[] shape = [.. Cases.GetProperty(name).GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
        double[][] expected =
        [
            .. Cases.GetProperty(name).GetProperty("logits").EnumerateArray()
                .Select(row => row.EnumerateArray().Select(value => value.GetDouble()).ToArray()),
        ];
        using ImageNetwork network = Build(name, (int)shape[1], (int)shape[2], (int)shape[3], expected[0].Length);

        Values.AreClose([.. expected.SelectMany(row => row)], Values.Of(network.LogitsOfNormalized(FormulaWeights.Images(shape))), 1e-10);
    }

    [TestMethod]
    [DataRow("resnet18-small")]
    [DataRow("wideresnet-16-2")]
    public void LoadedWeightsGivePyTorchsLogitsInEveryBatchAndMoveNoStatistics(string name)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        JsonElement golden = Cases.GetProperty(name);
        long[] shape = [.. golden.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
        double[] expected = [.. golden.GetProperty("logits").EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetDouble()))];
        int classes = expected.Length / (int)shape[0];
        using var weights = new MemoryStream();
        using (ImageNetwork written = Build(name, (int)shape[1], (int)shape[2], (int)shape[3], classes))
        {
            written.SaveWeights(weights);
        }

        weights.Position = 0;
        var input = new InputSpecification((int)shape[1], (int)shape[2], (int)shape[3]);
        using ImageNetwork network = ImageNetwork.Create(Architectures[name], input, classes, Activation.Relu, new Generator(1, CPU));
        network.MoveTo(CPU, ScalarType.Float64);
        network.LoadWeights(weights);
        Tensor images = (FormulaWeights.Images(shape) * 0.5) + 0.5; // the default normalisation takes this back

        for (int image = 0; image < shape[0]; image++)
        {
            Values.AreClose(expected[(image * classes)..((image + 1) * classes)], Values.Of(network.Logits(images.narrow(0, image, 1))), 1e-9);
        }

        Values.AreClose(expected, Values.Of(network.Logits(images)), 1e-9);
    }

    [TestMethod]
    public void ADisposedNetworkSaysSo()
    {
        using var scope = NewDisposeScope();
        Tensor images = zeros(1, 2, 8, 8);
        ImageNetwork network = TinyNetworks.Convolutional(type: ScalarType.Float32);
        string name = network.Backbone.GetName();
        network.Dispose();
        network.Dispose();
        Action[] uses =
        [
            () => network.Logits(images), () => network.Normalize(images), () => network.ForInspection(), () => network.SaveWeights(Stream.Null),
            () => network.LoadWeights(Stream.Null), () => network.MoveTo(CPU), () => network.NormalizedRadius(0.1), () => _ = network.Device,
            () => network.CheckImages(images), () => new InputGradient().Attribute(network, images, zeros(1, ScalarType.Int64)),
        ];
        foreach (Action use in uses)
        {
            string message = Assert.ThrowsExactly<ObjectDisposedException>(use).Message;
            StringAssert.Contains(message, $"The network {name} was disposed.");
            StringAssert.Contains(message, "OwnsTransformer");
        }
    }

    [TestMethod]
    public void AModuleHandedOverInTrainingModeComputesInEvaluationMode()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var module = nn.Sequential(("conv", nn.Conv2d(1, 2, 3)), ("norm", nn.BatchNorm2d(2)), ("drop", nn.Dropout(0.5)), ("flatten", nn.Flatten()));
        Assert.IsTrue(module.training);
        using var network = new ImageNetwork(module, new InputSpecification(1, 3, 3), 2);
        Tensor images = rand([4, 1, 3, 3]);

        Tensor logits = network.Logits(images);

        Values.AreClose(logits, network.Logits(images), 0);
        Values.AreClose(logits.narrow(0, 1, 1), network.Logits(images.narrow(0, 1, 1)), 1e-6);
        Assert.IsFalse(network.Modules.Any(part => part.training));
        Assert.AreEqual(0, module.get_buffer("norm.running_mean")!.abs().max().item<float>());
    }

    [TestMethod]
    [DataRow("resnet18", 1000)]
    [DataRow("resnet50", 1000)]
    [DataRow("wideresnet-16-2", 10)]
    public void NamesAndShapesArePyTorchs(string name, int classes)
    {
        NetworkArchitecture architecture = name switch
        {
            "resnet18" => NetworkArchitecture.ResNet18,
            "resnet50" => NetworkArchitecture.ResNet50,
            _ => Architectures[name],
        };
        using ImageNetwork network = ImageNetwork.Create(
            architecture, new InputSpecification(3, 64, 64), classes, Activation.Relu, new Generator(1, CPU));
        string[] expected = [.. File.ReadAllLines(GoldenFile.Path("Networks", $"keys-{name}.txt")).Order(StringComparer.Ordinal)];

        IEnumerable<string> actual = network.Backbone.state_dict().Select(entry => $"{entry.Key} {string.Join(',', entry.Value.shape)}");

        CollectionAssert.AreEqual(expected, actual.Order(StringComparer.Ordinal).ToArray());
    }

    [TestMethod]
    public void LocalizationMapsAre14By14()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var architecture = new ResNetArchitecture { Depth = 50, LastStageStride = 1, Width = 1 };
        using ImageNetwork network = ImageNetwork.Create(
            architecture, new InputSpecification(3, 224, 224), 2, Activation.Relu, new Generator(1, CPU));
        var last = (nn.Module<Tensor, Tensor>)network.Backbone.named_children().Single(child => child.name == "layer4").module;
        long[]? shape = null;
        last.register_forward_hook((_, _, output) =>
        {
            shape = output.shape;
            return output;
        });

        network.Logits(rand([1, 3, 224, 224]));

        CollectionAssert.AreEqual(new long[] { 1, 32, 14, 14 }, shape);
    }

    [TestMethod]
    public void WeightsOfAPyTorchNetworkReproduceItsLogits()
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using ImageNetwork network = TinyNetworks.Convolutional(activation: Activation.Relu, type: ScalarType.Float32);
        using FileStream weights = File.OpenRead(GoldenFile.Path("Networks", "conv.safetensors"));
        double[] expected = [.. JsonDocument.Parse(File.ReadAllText(GoldenFile.Path("Networks", "conv.json"))).RootElement.GetProperty("logits")
            .EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetDouble()))];

        network.LoadWeights(weights);

        Values.AreClose(expected, Values.Of(network.LogitsOfNormalized(FormulaWeights.Images(3, 2, 8, 8).to(ScalarType.Float32))), 1e-6);
    }

    private static ImageNetwork Build(string name, int channels, int height, int width, int classes)
    {
        var input = new InputSpecification(channels, height, width);
        ImageNetwork network = ImageNetwork.Create(Architectures[name], input, classes, Activation.Relu, new Generator(1, CPU));
        network.MoveTo(CPU, ScalarType.Float64);
        FormulaWeights.Fill(network.Backbone);
        return network;
    }
}
