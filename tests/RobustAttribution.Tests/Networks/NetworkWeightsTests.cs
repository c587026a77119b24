using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

[TestClass]
public sealed class NetworkWeightsTests
{
    private static readonly NetworkArchitecture Residual = new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages };

    [TestMethod]
    public void WeightsAndCardRebuildTheNetwork()
    {
        using var scope = NewDisposeScope();
        NetworkArchitecture[] architectures =
            [new SmallConvNetArchitecture { HiddenUnits = 6 }, Residual, new WideResNetArchitecture { Depth = 10, WidthFactor = 1 }];
        foreach (NetworkArchitecture architecture in architectures)
        {
            using ImageNetwork network = TinyNetworks.Create(architecture, activation: Activation.Softplus(3), type: ScalarType.Float32);
            (Tensor images, _) = TinyNetworks.Batch(network);
            network.Logits(images); // moves the running statistics
            network.Backbone.eval();
            using var weights = new MemoryStream();
            network.SaveWeights(weights);
            string card = NetworkCard.Of(network).ToJson();

            weights.Position = 0;
            using ImageNetwork again = NetworkCard.FromJson(card).Build(weights);

            Assert.AreEqual(network.Activation, again.Activation);
            Assert.AreEqual(network.Input, again.Input);
            Assert.IsFalse(again.Backbone.training);
            Values.AreClose(network.Logits(images), again.Logits(images), 0);
            CollectionAssert.AreEqual(weights.ToArray(), Saved(again), "the bytes of a second save");
        }
    }

    [TestMethod]
    public void ANetworkWithoutExchangeableActivationHasACardToo()
    {
        using var scope = NewDisposeScope();
        ComponentJson.Register<TanhNet>();
        using var generator = new Generator(4, CPU);
        using ImageNetwork network = ImageNetwork.Create(new TanhNet { Units = 5 }, TinyNetworks.Input(), 4, Activation.Softplus(3), generator);
        (Tensor images, _) = TinyNetworks.Batch(network);
        NetworkCard card = NetworkCard.Of(network);
        Assert.IsNull(card.Activation);
        StringAssert.Contains(card.ToJson(), "\"activation\":null");
        Assert.AreEqual(card, NetworkCard.FromJson(card.ToJson()));

        using ImageNetwork again = NetworkCard.FromJson(card.ToJson()).Build(new MemoryStream(Saved(network)));

        Values.AreClose(network.Logits(images), again.Logits(images), 0);
        StringAssert.Contains(
            Assert.ThrowsExactly<FormatException>(() => NetworkCard.FromJson(card.ToJson().Replace(",\"activation\":null", string.Empty, StringComparison.Ordinal))).Message, "activation", "missing is not null");
    }

    [TestMethod]
    public void WithoutAnActivationTheModulesKeepTheirOwn()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        using ImageNetwork own = ImageNetwork.Create(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 8, 8), 4, null, generator);
        Assert.AreEqual(Activation.Relu, own.Activation);
        using ImageNetwork built = new NetworkCard(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 8, 8), 4, null).Build(new MemoryStream(Saved(own)));
        Assert.AreEqual(Activation.Relu, built.Activation);
    }

    [TestMethod]
    public void ABufferOfIntegersIsSavedAndLoadedInItsOwnType()
    {
        using var scope = NewDisposeScope();
        using var source = new ImageNetwork(new Indexed([2, 0, 1]), new InputSpecification(1, 1, 3), 3);
        using var target = new ImageNetwork(new Indexed([0, 1, 2]), new InputSpecification(1, 1, 3), 3);
        target.LoadWeights(new MemoryStream(Saved(source)));
        Tensor images = tensor(new[] { 0.1f, 0.2f, 0.3f }).reshape(1, 1, 1, 3);
        CollectionAssert.AreEqual(Values.Of(source.Logits(images)), Values.Of(target.Logits(images)));
        using var wrong = new MemoryStream();
        Safetensors.Write(wrong, [KeyValuePair.Create("order", tensor(new[] { 2, 0, 1 }))]);
        wrong.Position = 0;
        StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => target.LoadWeights(wrong)).Message, "Tensor 'order' is Int32 [3]; the network has Int64 [3]");
    }

    [TestMethod]
    public void EveryFloatingTypeIsConverted()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Linear(type: ScalarType.Float32);
        double[] before = Values.Of(network.Backbone.parameters().First());
        foreach ((ScalarType type, double tolerance) in new[] { (ScalarType.Float64, 0), (ScalarType.BFloat16, 0.01), (ScalarType.Float16, 0.001) })
        {
            var stream = new MemoryStream();
            Safetensors.Write(stream, network.Backbone.state_dict().Select(entry => KeyValuePair.Create(entry.Key, entry.Value.detach().to(type))));
            using ImageNetwork other = TinyNetworks.Linear(seed: 9, type: ScalarType.Float32);
            stream.Position = 0;
            other.LoadWeights(stream);
            Values.AreClose(before, Values.Of(other.Backbone.parameters().First()), tolerance, type.ToString());
        }
    }

    [TestMethod]
    public void LoadingTakesNoPartOfWhatDoesNotFit()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork source = TinyNetworks.Convolutional(seed: 1, type: ScalarType.Float32);
        Dictionary<string, Tensor> state = source.Backbone.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach());
        Refuses("conv1.bias", "missing", Without("conv1.bias"));
        Refuses("more", "unknown", new(state) { ["more"] = ones([1]) });
        Refuses("fc2.weight", "Float32 [7, 5]", new(state) { ["fc2.weight"] = ones([7, 5]) });
        Refuses("conv2.weight", "Int64", new(state) { ["conv2.weight"] = state["conv2.weight"].to(ScalarType.Int64) });

        Dictionary<string, Tensor> Without(string name) => state.Where(entry => entry.Key != name).ToDictionary();

        static void Refuses(string name, string why, Dictionary<string, Tensor> state)
        {
            using ImageNetwork network = TinyNetworks.Convolutional(seed: 2, type: ScalarType.Float32);
            byte[] before = Saved(network);
            var stream = new MemoryStream();
            Safetensors.Write(stream, state);
            stream.Position = 0;
            string message = Assert.ThrowsExactly<FormatException>(() => network.LoadWeights(stream)).Message;
            StringAssert.Contains(message, $"'{name}'");
            StringAssert.Contains(message, why);
            CollectionAssert.AreEqual(before, Saved(network));
        }
    }

    [TestMethod]
    public void AFlippedBitOfSavedWeightsIsFound()
    {
        using ImageNetwork network = TinyNetworks.Convolutional(seed: 1, type: ScalarType.Float32);
        byte[] saved = Saved(network);
        byte[] before = Saved(network);
        int data = 8 + (int)BitConverter.ToUInt64(saved);
        for (int i = 0; i < 64; i++)
        {
            byte[] damaged = [.. saved];
            damaged[data + (i * (saved.Length - 1 - data) / 63)] ^= (byte)(1 << (i % 8));
            StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => network.LoadWeights(new MemoryStream(damaged))).Message, "SHA-256");
        }

        CollectionAssert.AreEqual(before, Saved(network), "nothing was loaded");
    }

    [TestMethod]
    public void TheBatchCounterMayHaveAnyTypeOrBeMissing()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Create(Residual);
        Dictionary<string, Tensor> state = network.Backbone.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach());
        foreach (ScalarType? type in new ScalarType?[] { ScalarType.Int64, ScalarType.Float32, null })
        {
            var stream = new MemoryStream();
            Safetensors.Write(stream, state
                .Where(entry => type is not null || !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                .Select(entry => entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)
                    ? KeyValuePair.Create(entry.Key, full([], 5, type!.Value, CPU))
                    : entry));
            stream.Position = 0;
            using ImageNetwork other = TinyNetworks.Create(Residual, seed: 3);
            other.LoadWeights(stream);
            Tensor counter = other.Backbone.named_buffers().Single(buffer => buffer.name == "bn1.num_batches_tracked").buffer;
            Assert.AreEqual(type is null ? 0 : 5, Values.Of(counter)[0]);
        }
    }

    [TestMethod]
    public void ANewHeadKeepsItsWeightsAndIsReported()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork source = TinyNetworks.Convolutional(seed: 1, classes: 4), target = TinyNetworks.Convolutional(seed: 2, classes: 6);
        double[] head = Values.Of(target.Backbone.get_parameter("fc2.weight")!);
        using var stream = new MemoryStream(Saved(source));

        LoadedWeights report = target.LoadMatchingWeights(stream);

        CollectionAssert.AreEqual(new[] { "fc2.weight", "fc2.bias" }, report.DifferentShape.ToArray());
        Assert.HasCount(10, report.Loaded);
        Assert.IsEmpty(report.Missing);
        Assert.IsEmpty(report.Unused);
        CollectionAssert.AreEqual(head, Values.Of(target.Backbone.get_parameter("fc2.weight")!));
        CollectionAssert.AreEqual(
            Values.Of(source.Backbone.get_parameter("conv3.weight")!), Values.Of(target.Backbone.get_parameter("conv3.weight")!));
    }

    [TestMethod]
    public void AStreamOfStrangersIsRefused()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork source = TinyNetworks.Create(Residual), target = TinyNetworks.Linear();
        string message = Assert.ThrowsExactly<FormatException>(() => target.LoadMatchingWeights(new MemoryStream(Saved(source)))).Message;
        StringAssert.Contains(message, "1.weight");
        StringAssert.Contains(message, "bn1.bias");
    }

    [TestMethod]
    public void CardsThatDescribeNothingAreRefused()
    {
        using ImageNetwork own = TinyNetworks.Linear();
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => NetworkCard.Of(own)).Message, nameof(NetworkArchitecture));
        string[] damaged =
        [
            "", "{}", "[]", "null",
            """{"architecture":{"$type":"LeNetArchitecture"},"input":null,"classCount":3,"activation":{"$type":"ReluActivation"}}""",
        ];
        foreach (string json in damaged)
        {
            Assert.ThrowsExactly<FormatException>(() => NetworkCard.FromJson(json), json);
        }

        var card = new NetworkCard(NetworkArchitecture.LeNet, new InputSpecification(1, 8, 8), 3, Activation.Relu);
        string oneClass = card.ToJson().Replace("\"classCount\":3", "\"classCount\":1", StringComparison.Ordinal);
        StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => NetworkCard.FromJson(oneClass)).Message, "ClassCount");
        string otherType = card.ToJson().Replace("LeNetArchitecture", "System.String", StringComparison.Ordinal);
        StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => NetworkCard.FromJson(otherType)).Message, "System.String");
        Assert.AreEqual(card, NetworkCard.FromJson(card.ToJson()));
    }

    private sealed record TanhNet : NetworkArchitecture
    {
        public int Units { get; init; } = 3;

        public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
            => nn.Sequential(nn.Flatten(), nn.Linear(input.ValueCount, Units), nn.Tanh(), nn.Linear(Units, classCount));
    }

    private sealed class Indexed : nn.Module<Tensor, Tensor>
    {
        private readonly Tensor order;

        public Indexed(long[] values)
            : base(nameof(Indexed))
        {
            order = tensor(values);
            register_buffer(nameof(order), order);
        }

        public override Tensor forward(Tensor input) => input.flatten(1).index_select(1, order);
    }

    private static byte[] Saved(ImageNetwork network)
    {
        var stream = new MemoryStream();
        network.SaveWeights(stream);
        return stream.ToArray();
    }
}
