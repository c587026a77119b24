using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Onnx;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Onnx;

/// <summary>What ONNX Runtime computes from a network's file is what the network and the library's attributions compute.</summary>
[TestClass]
public sealed class OnnxFileTests
{
    // Relative to a map's largest value: float32 added up in another order.
    private const double Rounding = 1e-4;

    private static readonly Activation[] Activations = [Activation.Relu, Activation.Softplus(3)];

    private static readonly Dictionary<string, SaliencyMap> Maps = new()
    {
        ["Saliency"] = new(),
        ["Product"] = new(new GradientTimesInput { Baseline = Baseline.Mean }, new(MapSign.Signed, MapScale.AbsMax)),
        ["Path"] = new(new IntegratedGradients { Steps = 3, Quadrature = PathQuadrature.GaussLegendre }, new(MapSign.Positive, MapScale.Sum)),
        ["Cam"] = new(new GradCam(), new(Scale: MapScale.Max)),
    };

    public static IEnumerable<object[]> Networks
        => from architecture in new NetworkArchitecture[]
           {
               new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5 },
               new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5, Pooling = Pooling.Average },
               NetworkArchitecture.LeNet,
               new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages },
               new ResNetArchitecture { Width = 2 },
               new ResNetArchitecture { Width = 2, Pooling = Pooling.Average },
               new ResNetArchitecture { Width = 2, Depth = 50, LastStageStride = 1 },
               new WideResNetArchitecture { Depth = 10, WidthFactor = 1 },
           }
           from activation in Activations
           select new object[] { architecture, activation };

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void AFileGivesTheNetworksScoresAndMaps(NetworkArchitecture architecture, Activation activation)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Create(architecture, activation);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 4);
        bool kinks = !activation.IsSmooth || network.Modules.Any(module => module is MaxPool2d);
        foreach (int opset in new[] { OnnxExportOptions.OldestOpset, OnnxExportOptions.NewestOpset })
        {
            using var file = new OnnxSession(network, new() { Maps = Maps, Opset = opset });
            RequireSame(network, file, images, null, kinks);
            RequireSame(network, file, images, classes, kinks);
        }

        Dictionary<string, SaliencyMap> gradient = new() { ["Saliency"] = new() };
        using var withoutCam = new OnnxSession(network); // pools before it activates
        RequireSame(network, withoutCam, images, null, kinks, gradient);
    }

    [TestMethod]
    [DataRow(7, 10)]
    [DataRow(13, 9)]
    public void SizesThatAWindowDoesNotDivideAreRight(int height, int width)
    {
        using var scope = NewDisposeScope();
        foreach (NetworkArchitecture architecture in Networks.Select(row => (NetworkArchitecture)row[0]).Distinct())
        {
            using var generator = new Generator(1, CPU);
            InputSpecification input = TinyNetworks.Input() with { Height = height, Width = width };
            using ImageNetwork network = TinyNetworks.Trained(ImageNetwork.Create(architecture, input, 4, Activation.Softplus(3), generator), 3);
            using var file = new OnnxSession(network, new() { Maps = Maps });
            RequireSame(network, file, TinyNetworks.Batch(network, 2).Images, null, network.Modules.Any(module => module is MaxPool2d));
        }
    }

    [TestMethod]
    public void EveryOptionOfAMapIsWritten()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Create(new SmallConvNetArchitecture { Pooling = Pooling.Average, FirstStageChannels = 3, SecondStageChannels = 4 }, Activation.Softplus(3));
        IAttributionMethod[] methods =
        [
            new InputGradient(), new GradCam { Layer = "conv1" }, new GradCam { Layer = "pool1" }, new GradCam { Layer = "conv3" },
            .. new[] { Baseline.Black, Baseline.White, Baseline.Mean }.SelectMany(baseline => new IAttributionMethod[]
            {
                new GradientTimesInput { Baseline = baseline }, new IntegratedGradients { Steps = 2, Baseline = baseline },
            }),
            .. new[] { PathQuadrature.Left, PathQuadrature.Right, PathQuadrature.Midpoint }.Select(rule => new IntegratedGradients { Steps = 4, Quadrature = rule }),
        ];
        SaliencyMap[] all =
        [
            .. methods.Select(method => new SaliencyMap(method)),
            .. from sign in Enum.GetValues<MapSign>() from scale in Enum.GetValues<MapScale>() select new SaliencyMap(new GradientTimesInput(), new(sign, scale)),
        ];
        Dictionary<string, SaliencyMap> maps = all.Index().ToDictionary(entry => $"Map{entry.Index}", entry => entry.Item);
        using var file = new OnnxSession(network, new() { Maps = maps });
        RequireSame(network, file, TinyNetworks.Batch(network, 3).Images, null, kinks: false, maps);
    }

    [TestMethod]
    public void GradCamOfAWholeStageIsThatOfItsLastModule()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Create(new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages }, Activation.Softplus(3));
        Dictionary<string, SaliencyMap> maps = new[] { "layer1", "layer2.0", "layer2.0.bn1", "layer3.1.conv2", "layer4", "bn1" }.ToDictionary(
            layer => layer.Replace('.', '_'), layer => new SaliencyMap(new GradCam { Layer = layer }));
        using var file = new OnnxSession(network, new() { Maps = maps });
        RequireSame(network, file, TinyNetworks.Batch(network, 3).Images, null, kinks: false, maps);
    }

    [TestMethod]
    public void ABatchMayHaveAnySizeAndItsImagesDoNotMix()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(channels: 3, type: ScalarType.Float32, activation: Activation.Relu);
        Tensor images = TinyNetworks.Batch(network, 5).Images;
        using var file = new OnnxSession(network, new() { Maps = Maps });
        Dictionary<string, Tensor> together = file.Run(images, null);
        foreach (int i in Enumerable.Range(0, 5))
        {
            Dictionary<string, Tensor> alone = file.Run(images.narrow(0, i, 1), null);
            foreach ((string name, Tensor values) in alone)
            {
                Assert.AreEqual(1, values.shape[0], name);
                Values.AreClose(together[name].narrow(0, i, 1), values, 1e-5, name);
            }
        }
    }

    [TestMethod]
    public void TheTargetIsGivenOnceOrForEachImageOrPredicted()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(type: ScalarType.Float32);
        Tensor images = TinyNetworks.Batch(network, 3).Images;
        using var file = new OnnxSession(network);
        Assert.Contains("TargetClass", file.Session.OverridableInitializerMetadata.Keys);
        long[] predicted = [.. file.Run(images, null)["PredictedIndex"].data<long>()];
        CollectionAssert.AreEqual(predicted, network.Logits(images).argmax(1).data<long>().ToArray());
        long[] others = [.. predicted.Select(index => (index + 1) % network.ClassCount)];
        RequireEqual(null, [-1], "left out and -1");
        RequireEqual(predicted, [-1, -1, -1], "the predicted ones and -1");
        RequireEqual([others[0], predicted[1], others[2]], [others[0], -1, others[2]], "given and predicted together");
        RequireEqual([2, 2, 2], [2], "one for all");
        Assert.AreNotEqual(Values.Of(file.Run(images, null)["Saliency"])[0], Values.Of(file.Run(images, others)["Saliency"])[0]);
        Assert.ThrowsExactly<OnnxRuntimeException>(() => file.Run(images, network.ClassCount));
        using var without = new OnnxSession(network, new() { TakesTargetClass = false });
        Assert.IsEmpty(without.Session.OverridableInitializerMetadata);
        Values.AreClose(file.Run(images, null)["Saliency"], without.Run(images, null)["Saliency"], 0, "without the input");
        Assert.ThrowsExactly<OnnxRuntimeException>(() => file.Run(images, 0, 1));

        void RequireEqual(long[]? expected, long[] actual, string what)
            => Values.AreClose(file.Run(images, expected)["Saliency"], file.Run(images, actual)["Saliency"], 0, what);
    }

    [TestMethod]
    public void ScoresAloneHaveNoTargetAndFewerOperations()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual(); // float64
        using var scores = new OnnxSession(network, new() { Maps = new Dictionary<string, SaliencyMap>() });
        CollectionAssert.AreEquivalent(new[] { "Score", "Probability", "PredictedIndex" }, scores.Session.OutputNames.ToArray());
        Assert.IsEmpty(scores.Session.OverridableInitializerMetadata);
        Tensor images = TinyNetworks.Batch(network, 2).Images;
        Values.AreClose(network.Logits(images), scores.Run(images, null)["Score"], Rounding);
    }

    [TestMethod]
    public void MetadataSayWhatTheFileHolds()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(type: ScalarType.Float32);
        string[] names = ["Shirt", "Größe „L“", "", "d"];
        using var file = new OnnxSession(network, new() { Maps = Maps, ClassNames = names, Metadata = new Dictionary<string, string> { ["Licence"] = "MIT" } });
        ModelMetadata metadata = file.Session.ModelMetadata;
        Assert.AreEqual("RobustAttribution.MLNet", metadata.ProducerName);
        Dictionary<string, string> entries = metadata.CustomMetadataMap;
        CollectionAssert.AreEqual(names, JsonSerializer.Deserialize<string[]>(entries["ClassNames"]));
        Assert.AreEqual(typeof(ImageNetwork).Assembly.GetName().Version!.ToString(3), entries["Version"]);
        StringAssert.Contains(entries["Network"], "SmallConvNet");
        Assert.AreEqual("MIT", entries["Licence"]);
        Assert.ThrowsExactly<ArgumentException>(() => new OnnxExportOptions { Metadata = new Dictionary<string, string> { ["Maps"] = "none" } });
        using JsonDocument maps = JsonDocument.Parse(entries["Maps"]);
        CollectionAssert.AreEqual(Maps.Keys, maps.RootElement.EnumerateObject().Select(map => map.Name).ToArray());
        StringAssert.Contains(maps.RootElement.GetProperty("Path").ToString(), "GaussLegendre");
    }

    [TestMethod]
    public void NetworksOfKnownModulesAreWritten()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var backbone = nn.Sequential(
            ("conv1", nn.Conv2d(2, 6, (3, 5), stride: (2, 1), padding: (1, 2), dilation: (2, 1), groups: 2)), ("relu6", nn.ReLU6()),
            ("bn", nn.BatchNorm2d(6)), ("leaky", nn.LeakyReLU(0.2)), ("pool", nn.MaxPool2d(3, 2, 1)), ("drop", nn.Dropout(0.5)),
            ("conv2", nn.Conv2d(6, 4, 3, padding: 1)), ("bn2", nn.BatchNorm2d(4)), ("softplus", nn.Softplus(2)), ("avg", nn.AvgPool2d(3, 2, 1)), ("adaptive", nn.AdaptiveAvgPool2d([1, 2])),
            ("flatten", nn.Flatten()), ("fc", nn.Linear(8, 4)));
        using ImageNetwork network = TinyNetworks.Trained(new ImageNetwork(backbone, TinyNetworks.Input(2, 14), 4) { FeatureLayer = "avg" }, 3);
        Tensor images = TinyNetworks.Batch(network, 4).Images;
        foreach (Activation activation in Activations)
        {
            network.SetActivation(activation);
            using var file = new OnnxSession(network, new() { Maps = Maps });
            RequireSame(network, file, images, null, kinks: true);
        }
    }

    [TestMethod]
    public void WhatCannotBeWrittenIsNamedAndNothingIsWritten()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        Refuses<NotSupportedException>("'1', a Sigmoid,", Chain(nn.Sigmoid()));
        Refuses<NotSupportedException>("What '2' sees was changed in place after '1.inner' put it out", Chain(new Tripling()));
        Refuses<NotSupportedException>("'1.1', a ReLU, cannot be saved as ONNX, since it works in place", Chain(nn.Sequential(nn.ReLU(), nn.ReLU(inplace: true))));
        Refuses<NotSupportedException>("'1', a MaxPool2d,", Chain(nn.MaxPool2d(3, 2, ceil_mode: true)));
        Refuses<NotSupportedException>("'1', a AvgPool2d,", Chain(nn.AvgPool2d(3, 2, 1, count_include_pad: false)));
        Refuses<NotSupportedException>("'1', a Doubling,", Chain(new Doubling()));
        Refuses<NotSupportedException>("'relu', a ReLU, cannot be saved as ONNX", torchvision.models.resnet18(num_classes: 4), 3);

        Refuses<NotSupportedException>("called as recorded, do not give its logits", new Alternating());

        using ImageNetwork hooked = TinyNetworks.Convolutional(type: ScalarType.Float32);
        ((nn.Module<Tensor, Tensor>)hooked.Backbone.named_modules().First(entry => entry.name == "conv2").module).register_forward_hook((_, _, y) => y * 2);
        Assert.Contains("'conv2', a Conv2d, cannot be saved as ONNX, since it has forward hooks", Error<NotSupportedException>(hooked));
        var relu = nn.ReLU();
        using var replaced = new ImageNetwork(Chain(relu), TinyNetworks.Input(2, 16), 4);
        replaced.SetActivation(Activation.Softplus(3));
        relu.register_forward_hook((_, _, y) => y + 1);
        Error<NotSupportedException>(replaced);
        using ImageNetwork damaged = TinyNetworks.Convolutional(type: ScalarType.Float32);
        using (no_grad())
        {
            damaged.Backbone.get_parameter("fc1.bias")![0] = double.NaN;
        }

        Assert.Contains("'fc1.bias'", Error<InvalidOperationException>(damaged));

        static void Refuses<T>(string what, nn.Module<Tensor, Tensor> backbone, int channels = 2)
            where T : Exception
        {
            using var network = new ImageNetwork(backbone, TinyNetworks.Input(channels, 16), 4);
            Assert.Contains(what, Error<T>(network));
        }
    }

    [TestMethod]
    public void OptionsSayWhatIsAllowed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(type: ScalarType.Float32);
        Assert.Contains("from 16 to 26", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new OnnxExportOptions { Opset = 15 }).Message);
        foreach (string name in new[] { "", "Score", "a b", "7th" })
        {
            Assert.Contains($"'{name}'", Assert.ThrowsExactly<ArgumentException>(() => new OnnxExportOptions { Maps = One(name, new InputGradient()) }).Message);
        }

        Assert.Contains("2 names", Error<ArgumentException>(network, new() { ClassNames = ["a", "b"] }));
        Assert.Contains("Map 'm' is GuidedBackpropagation", Error<ArgumentException>(network, new() { Maps = One("m", new GuidedBackpropagation()) }));
        Assert.Contains("Blurred", Error<ArgumentException>(network, new() { Maps = One("m", new GradientTimesInput { Baseline = Baseline.Blurred(1) }) }));
        Assert.Contains("over 301 points", Error<ArgumentException>(network, new() { Maps = One("m", new IntegratedGradients { Steps = 300 }) }));
        Assert.Contains("no layer 'nowhere'", Error<NotSupportedException>(network, new() { Maps = One("m", new GradCam { Layer = "nowhere" }) }));
        Assert.Contains("[2,5]", Error<NotSupportedException>(network, new() { Maps = One("m", new GradCam { Layer = "fc1" }) }));

        static Dictionary<string, SaliencyMap> One(string name, IAttributionMethod method) => new() { [name] = new(method) };
    }

    [TestMethod]
    public void TheNetworkStaysAsItIs()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual(type: ScalarType.Float32);
        network.Backbone.train();
        var state = NetworkState.Of(network);
        using var file = new MemoryStream();
        using (NewDisposeScope())
        {
            network.SaveAsOnnx(file, new() { Maps = Maps });
        }

        state.IsUnchanged("saved");
        Assert.IsTrue(file.CanWrite);
    }

    private static nn.Module<Tensor, Tensor> Chain(nn.Module<Tensor, Tensor> second)
        => nn.Sequential(("0", nn.Conv2d(2, 4, 3, padding: 1)), ("1", second), ("2", nn.AdaptiveAvgPool2d(1)), ("3", nn.Flatten()), ("4", nn.Linear(4, 4)));

    private static ImageNetwork Create(NetworkArchitecture architecture, Activation activation)
        => TinyNetworks.Trained(TinyNetworks.Create(architecture, 1, activation, size: 16, type: ScalarType.Float32), 3);

    private static string Error<T>(ImageNetwork network, OnnxExportOptions? options = null)
        where T : Exception
    {
        using var file = new MemoryStream();
        T error = Assert.ThrowsExactly<T>(() => network.SaveAsOnnx(file, options));
        Assert.AreEqual(0, file.Length);
        return error.Message;
    }

    // Networks without kinks within rounding; where a ReLU or a maximum decides, the gradient of a few images may jump.
    private static void RequireSame(
        ImageNetwork network, OnnxSession file, Tensor images, Tensor? classes, bool kinks, Dictionary<string, SaliencyMap>? maps = null)
    {
        Dictionary<string, Tensor> found = file.Run(images, classes?.data<long>().ToArray());
        Tensor logits = network.Logits(images);
        Values.AreClose(logits, found["Score"], Rounding, "Score");
        Values.AreClose(logits.softmax(1), found["Probability"], Rounding, "Probability");
        CollectionAssert.AreEqual(logits.argmax(1).data<long>().ToArray(), found["PredictedIndex"].data<long>().ToArray());
        foreach ((string name, SaliencyMap map) in maps ?? Maps)
        {
            Tensor expected = map.Of(network, images, classes ?? logits.argmax(1));
            CollectionAssert.AreEqual(expected.shape, found[name].shape, name);
            Tensor difference = (expected - found[name]).abs().flatten(1).amax(1), largest = expected.abs().flatten(1).amax(1);
            double[] errors = Values.Of(difference / largest.clamp_min(1e-12));
            int off = errors.Count(error => !(error <= Rounding));
            Assert.IsLessThanOrEqualTo(kinks ? errors.Length / 4 : 0, off, $"{name}: {string.Join(", ", errors)}");
            double norm = ((expected - found[name]).norm() / expected.norm().clamp_min(1e-12)).ToDouble();
            Assert.IsLessThanOrEqualTo(kinks ? 0.05 : Rounding, norm, name);
        }
    }

    private sealed class Tripling : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> inner = nn.Identity();

        public Tripling()
            : base(nameof(Tripling)) => RegisterComponents();

        public override Tensor forward(Tensor input) => inner.call(input).mul_(3);
    }

    private sealed class Alternating : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = Chain(nn.ReLU()), second = Chain(nn.ReLU());
        private int calls;

        public Alternating()
            : base(nameof(Alternating)) => RegisterComponents();

        public override Tensor forward(Tensor input) => calls++ % 2 == 0 ? first.call(input) : second.call(input);
    }

    private sealed class Doubling : nn.Module<Tensor, Tensor>
    {
        public Doubling()
            : base(nameof(Doubling)) => RegisterComponents();

        public override Tensor forward(Tensor input) => input * 2;
    }
}
