using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

[TestClass]
public sealed class ArchitectureTests
{
    private static readonly string[] ChainNames =
    [
        "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "conv3.weight", "conv3.bias", "conv4.weight", "conv4.bias",
        "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias",
    ];

    [TestMethod]
    public void SmallConvNetHasTheLayersOfTheDesign()
    {
        using ImageNetwork network = Fresh(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 28, 28), 10);

        CollectionAssert.AreEqual(ChainNames, network.Backbone.named_parameters().Select(parameter => parameter.name).ToArray());
        Assert.AreEqual("16,1,3,3 16 16,16,3,3 16 32,16,3,3 32 32,32,3,3 32 128,1568 128 10,128 10", Shapes(network));
        Assert.AreEqual(218490L, network.Backbone.parameters().Sum(parameter => parameter.numel()));
    }

    [TestMethod]
    public void LeNetHasTheLayersOfThePaper()
    {
        using ImageNetwork network = Fresh(NetworkArchitecture.LeNet, new InputSpecification(3, 32, 32), 10);

        CollectionAssert.AreEqual(ChainNames, network.Backbone.named_parameters().Select(parameter => parameter.name).ToArray());
        Assert.AreEqual("32,3,3,3 32 32,32,3,3 32 64,32,3,3 64 64,64,3,3 64 256,4096 256 10,256 10", Shapes(network));
    }

    [TestMethod]
    [DataRow(1, 28, 28, 10)]
    [DataRow(3, 32, 32, 2)]
    [DataRow(4, 9, 14, 7)]
    public void AnyChannelCountAndSizeGivesOneLogitForEachClass(int channels, int height, int width, int classes)
    {
        using var scope = NewDisposeScope();
        foreach (NetworkArchitecture architecture in new[] { NetworkArchitecture.SmallConvNet, NetworkArchitecture.LeNet })
        {
            using ImageNetwork network = Fresh(architecture, new InputSpecification(channels, height, width), classes);
            CollectionAssert.AreEqual(new long[] { 2, classes }, network.Logits(rand([2, channels, height, width])).shape);
        }
    }

    [TestMethod]
    public void TooSmallImagesAreNamed()
    {
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => Fresh(NetworkArchitecture.LeNet, new InputSpecification(3, 3, 32), 10));
        StringAssert.Contains(error.Message, "3×32");
        StringAssert.Contains(error.Message, "4×4");
    }

    [TestMethod]
    public void TheGeneratorAloneDecidesTheWeights()
    {
        using var scope = NewDisposeScope();
        var input = new InputSpecification(1, 12, 12);
        manual_seed(5);
        double[] untouched = Values.Of(rand([4]));
        manual_seed(5);
        using ImageNetwork one = Fresh(NetworkArchitecture.SmallConvNet, input, 3, seed: 11);
        double[] afterwards = Values.Of(rand([4]));
        using ImageNetwork two = Fresh(NetworkArchitecture.SmallConvNet, input, 3, seed: 11);
        using ImageNetwork three = Fresh(NetworkArchitecture.SmallConvNet, input, 3, seed: 12);

        CollectionAssert.AreEqual(untouched, afterwards, "the global generator");
        CollectionAssert.AreEqual(All(one), All(two), "equal seeds");
        CollectionAssert.AreNotEqual(All(one), All(three), "different seeds");
    }

    [TestMethod]
    public void WeightsStartUniformlyWithinOneOverTheRootOfFanIn()
    {
        using ImageNetwork network = Fresh(NetworkArchitecture.LeNet, new InputSpecification(3, 32, 32), 10);
        double bound = 0;
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in network.Backbone.named_parameters())
        {
            if (name.EndsWith("weight", StringComparison.Ordinal))
            {
                bound = 1 / Math.Sqrt(parameter.shape.Skip(1).Aggregate(1L, (product, size) => product * size));
            }

            double[] values = Values.Of(parameter);
            Assert.IsLessThanOrEqualTo(bound * 1.000001, values.Max(Math.Abs), name);
            if (values.Length > 2000)
            {
                Assert.AreEqual(bound * bound / 3, values.Average(value => value * value), bound * bound / 3 * 0.05, $"variance of {name}");
                Assert.AreEqual(0, values.Average(), bound * 0.05, $"mean of {name}");
            }
        }
    }

    [TestMethod]
    public void ANetworkBuiltInsideADisposeScopeOutlivesIt()
    {
        ImageNetwork network;
        using (NewDisposeScope())
        {
            network = Fresh(NetworkArchitecture.SmallConvNet, new InputSpecification(1, 8, 8), 3);
        }

        using (network)
        using (NewDisposeScope())
        {
            Assert.IsTrue(Values.Of(network.Logits(rand([1, 1, 8, 8]))).All(double.IsFinite));
        }
    }

    /// <summary>Kinks and ties of max-pooling over a black background (docs/how-to/read-the-metrics.md).</summary>
    [TestMethod]
    public void NoiseThatNobodySeesMovesMapsThroughMaxPoolingAndNotThroughAveragePooling()
    {
        Assert.IsGreaterThan(0.05, ChangeOfMaps(Pooling.Max));
        Assert.IsLessThan(1e-6, ChangeOfMaps(Pooling.Average));

        static double ChangeOfMaps(Pooling pooling)
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator(1, CPU);
            var architecture = new SmallConvNetArchitecture { FirstStageChannels = 4, SecondStageChannels = 4, HiddenUnits = 8, Pooling = pooling };
            using ImageNetwork network = ImageNetwork.Create(architecture, new InputSpecification(1, 16, 16), 3, Activation.Softplus(3), generator);
            network.MoveTo(CPU, ScalarType.Float64);
            Tensor images = zeros(4, 1, 16, 16, ScalarType.Float64), classes = tensor(new long[] { 0, 1, 2, 0 });
            images[.., .., 6..10, 6..10] = 0.8;
            Tensor clean = new InputGradient().Attribute(network, images, classes);
            Tensor noisy = new InputGradient().Attribute(
                network, images + (rand(images.shape, ScalarType.Float64, CPU, generator: generator) * 1e-9), classes);
            return ((noisy - clean).norm() / clean.norm()).ToDouble();
        }
    }

    [TestMethod]
    public void ArchitecturesSurviveJson()
    {
        NetworkArchitecture[] architectures = [NetworkArchitecture.LeNet, new SmallConvNetArchitecture { FirstStageChannels = 3, HiddenUnits = 9, Pooling = Pooling.Average }];
        foreach (NetworkArchitecture architecture in architectures)
        {
            Assert.AreEqual(architecture, ComponentJson.Read<NetworkArchitecture>(ComponentJson.Write(architecture)));
        }
    }

    private static ImageNetwork Fresh(NetworkArchitecture architecture, InputSpecification input, int classes, ulong seed = 1)
        => ImageNetwork.Create(architecture, input, classes, Activation.Relu, new Generator(seed, CPU));

    private static string Shapes(ImageNetwork network)
        => string.Join(' ', network.Backbone.parameters().Select(parameter => string.Join(',', parameter.shape)));

    private static double[] All(ImageNetwork network) => [.. network.Backbone.parameters().SelectMany(Values.Of)];
}
