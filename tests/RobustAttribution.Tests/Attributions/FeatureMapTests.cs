using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

/// <summary>Grad-CAM and class activation maps against loops over their formulas.</summary>
[TestClass]
public sealed class FeatureMapTests
{
    [TestMethod]
    public void GradCamTakesEachLayerOfASequentialOrNamesIt()
    {
        using var scope = NewDisposeScope();
        foreach (bool inPlace in new[] { false, true })
        {
            var backbone = nn.Sequential(
                ("conv1", nn.Conv2d(1, 3, 3)), ("relu1", nn.ReLU(inPlace)), ("pool", nn.MaxPool2d(2)), ("conv2", nn.Conv2d(3, 2, 2)), ("relu2", nn.ReLU(inPlace)),
                ("flatten", nn.Flatten()), ("head", nn.Linear(8, 3)));
            using var network = new ImageNetwork(backbone, new InputSpecification(1, 8, 8), 3);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            foreach (string layer in new[] { "conv1", "relu1", "pool", "conv2", "relu2", "flatten", "head" })
            {
                var method = new GradCam { Layer = layer };
                if (layer is "flatten" or "head")
                {
                    string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message;
                    StringAssert.Contains(message, $"Layer '{layer}' puts out [3,");
                    continue;
                }

                Tensor normalized = network.Normalize(images), maps = normalized;
                Tensor? kept = null;
                foreach ((string name, nn.Module module) in backbone.named_children())
                {
                    maps = module is TorchSharp.Modules.ReLU ? maps.relu() : ((nn.Module<Tensor, Tensor>)module).call(maps);
                    if (name == layer)
                    {
                        kept = maps = maps.detach().requires_grad_(true);
                    }
                }

                Tensor gradient = autograd.grad([maps.gather(1, classes.unsqueeze(1)).sum()], [kept!])[0];
                Tensor expected = nn.functional.interpolate(
                    (gradient.mean([2, 3], true) * kept!).sum(1, true).relu(), [8, 8], null, InterpolationMode.Bilinear, false);
                Values.AreClose(expected, method.Attribute(network, images, classes), 1e-5, $"{layer}, in place {inPlace}");
            }
        }
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("conv1")]
    [DataRow("pool1")]
    [DataRow("conv4")]
    public void GradCamIsItsDefinition(string? layer)
    {
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional(seed, Activation.Relu, size: 12);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
            var reference = new ChainReference(network);
            Tensor maps = new GradCam { Layer = layer }.Attribute(network, images, classes);
            for (int n = 0; n < 2; n++)
            {
                double[] x = Values.Of(network.Normalize(images)[n]);
                (double[] features, int[] shape) = reference.Output(x, layer ?? "relu4");
                double[] gradient = reference.Gradient(x, (int)classes[n].ToInt64(), layer ?? "relu4");
                int area = shape[1] * shape[2];
                double[] weights = [.. Enumerable.Range(0, shape[0]).Select(k => gradient.Skip(k * area).Take(area).Average())];
                double Weighted(int p) => Enumerable.Range(0, shape[0]).Sum(k => weights[k] * features[(k * area) + p]);
                double[] map = [.. Enumerable.Range(0, area).Select(p => Math.Max(0, Weighted(p)))];
                Values.AreClose(MapReferences.Enlarge(map, shape[1], shape[2], 12, 12), Values.Of(maps[n]), 1e-10);
            }
        }
    }

    [TestMethod]
    public void ClassActivationMapIsItsDefinition()
    {
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = Pooled(seed, stride: 2);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
            var reference = new ChainReference(network);
            double[,] head = Values.Matrix(network.Backbone.get_parameter("fc.weight")!);
            Tensor maps = new ClassActivationMap().Attribute(network, images, classes);
            for (int n = 0; n < 2; n++)
            {
                (double[] features, int[] shape) = reference.Output(Values.Of(network.Normalize(images)[n]), "relu");
                int area = shape[1] * shape[2], target = (int)classes[n].ToInt64();
                double Weighted(int p) => Enumerable.Range(0, shape[0]).Sum(k => head[target, k] * features[(k * area) + p]);
                double[] map = [.. Enumerable.Range(0, area).Select(Weighted)];
                Values.AreClose(MapReferences.Enlarge(map, shape[1], shape[2], 8, 8), Values.Of(maps[n]), 1e-10);
            }
        }
    }

    [TestMethod]
    public void TheMeanOfAClassActivationMapIsTheLogitWithoutBias()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Pooled(5, stride: 1);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        Tensor bias = network.Backbone.get_parameter("fc.bias")!.detach().index_select(0, classes).unsqueeze(1);
        Tensor logits = network.Logits(images).gather(1, classes.unsqueeze(1)) - bias;
        Values.AreClose(Values.Of(logits), Values.Of(new ClassActivationMap().Attribute(network, images, classes).mean([1, 2, 3])), 1e-10);
    }

    [TestMethod]
    public void BlocksAndLayersWithinThemHaveNames()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual(seed: 2);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        double[] Map(string? layer) => Values.Of(new GradCam { Layer = layer }.Attribute(network, images, classes));
        Values.AreClose(Map(null), Map("layer4.1.relu2"), 0);
        List<double[]> maps = [.. new[] { "layer1", "layer2.0", "layer2.1.conv1", "layer3.0.downsample.0", "bn1" }.Select(Map)];
        Assert.HasCount(5, maps.Select(map => string.Join(' ', map)).Distinct());
        Assert.IsTrue(maps.TrueForAll(map => map.All(double.IsFinite)));
    }

    [TestMethod]
    public void WrongLayersAreNamed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        NetworkState state = NetworkState.Of(network);
        Refuses("conv9", "conv1, relu1, conv2");
        Refuses("fc1", "[3,5]");
        Refuses("fc2", "[3,4]");
        state.IsUnchanged("refused");

        var shared = new ActivationLayer();
        var backbone = nn.Sequential(
            ("conv", nn.Conv2d(2, 3, 3, padding: 1)), ("one", shared), ("two", shared), ("flatten", nn.Flatten()), ("fc", nn.Linear(192, 4)));
        using var twice = new ImageNetwork(backbone, TinyNetworks.Input(), 4);
        Tensor single = images.to(ScalarType.Float32);
        StringAssert.Contains(
            Assert.ThrowsExactly<NotSupportedException>(() => new GradCam { Layer = "one" }.Attribute(twice, single, classes)).Message, "2 times");

        void Refuses(string layer, string says)
        {
            var method = new GradCam { Layer = layer };
            string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message;
            StringAssert.Contains(message, $"'{layer}'");
            StringAssert.Contains(message, says);
        }
    }

    private static ImageNetwork Pooled(ulong seed, int stride)
    {
        using var generator = new Generator(seed, CPU);
        var network = new ImageNetwork(
            nn.Sequential(
                ("conv", SeededLayers.Convolution(2, 5, 3, stride, 1, true, generator)),
                ("relu", new ActivationLayer()),
                ("pool", nn.AdaptiveAvgPool2d(1)),
                ("flatten", nn.Flatten()),
                ("fc", SeededLayers.Linear(5, 4, generator))),
            TinyNetworks.Input(),
            4)
        { FeatureLayer = "relu", PooledHead = "fc" };
        network.MoveTo(CPU, ScalarType.Float64);
        return network;
    }
}
