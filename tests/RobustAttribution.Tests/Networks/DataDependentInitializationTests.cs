using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

[TestClass]
public sealed class DataDependentInitializationTests
{
    private const int Count = 12;

    /// <summary>The definition, layer by layer in the order of the forward pass: γ w_k/σ_k and γ (b_k − μ_k)/σ_k.</summary>
    [TestMethod]
    [DataRow(Pooling.Max, 0, 1)]
    [DataRow(Pooling.Average, 3, 0.5)]
    public void WeightsAreThoseOfTheDefinition(Pooling pooling, double beta, double deviation)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Small(pooling, beta), reference = Small(pooling, beta);
        (Tensor images, _) = TinyNetworks.Batch(network, Count);
        network.InitializeFrom(images, deviation);

        using var mode = no_grad();
        Tensor x = reference.Normalize(images);
        (string Name, nn.Module Module)[] chain = [.. reference.Backbone.named_children()];
        foreach ((string name, nn.Module module) in chain[..^1])
        {
            Tensor y = ((nn.Module<Tensor, Tensor>)module).call(x);
            if (module is Conv2d or Linear)
            {
                double[,] values = Values.Matrix(y.transpose(0, 1).reshape(y.shape[1], -1)); // [channels, all the rest]
                (Tensor weight, Tensor bias) = module is Conv2d convolution ? (convolution.weight, convolution.bias!) : (((Linear)module).weight, ((Linear)module).bias!);
                for (int channel = 0; channel < values.GetLength(0); channel++)
                {
                    double[] row = [.. Enumerable.Range(0, values.GetLength(1)).Select(i => values[channel, i])];
                    double mean = row.Average(), scale = deviation / Math.Sqrt(row.Average(value => (value - mean) * (value - mean)));
                    weight[channel].mul_(scale);
                    bias[channel].sub_(mean).mul_(scale);
                }

                y = ((nn.Module<Tensor, Tensor>)module).call(x);
            }

            x = y;
        }

        foreach (((string name, Parameter found), (_, Parameter expected)) in network.Backbone.named_parameters().Zip(reference.Backbone.named_parameters()))
        {
            Values.AreClose(expected, found, 1e-9, name);
        }
    }

    [TestMethod]
    public void EveryLayerButTheLastHasMean0AndVariance1()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual();
        (Tensor images, _) = TinyNetworks.Batch(network, Count);
        double[] head = Values.Of(network.Backbone.named_parameters().Single(entry => entry.name == "fc.weight").parameter);
        network.InitializeFrom(images, 1);

        int seen = 0;
        using (Undo.All(network.Modules.OfType<Conv2d>().Select(layer => ForwardHooks.After(layer, (_, y) =>
        {
            seen++;
            using var kept = NewDisposeScope();
            (Tensor variance, Tensor mean) = var_mean(y - y.mean([0L, 2L, 3L], keepdim: true), [0L, 2L, 3L], unbiased: false); // no biases: the mean stays
            Values.AreClose(ones_like(variance), variance, 1e-9, "variances");
            return null;
        }))))
        {
            network.Logits(images);
        }

        Assert.AreEqual(network.Modules.OfType<Conv2d>().Count(), seen);
        CollectionAssert.AreEqual(head, Values.Of(network.Backbone.named_parameters().Single(entry => entry.name == "fc.weight").parameter));
    }

    /// <summary>Channels that are the same everywhere, one image, and two equal ones: nothing is divided by 0 or by rounding.</summary>
    [TestMethod]
    [DataRow(1, false)]
    [DataRow(2, false)]
    [DataRow(3, true)]
    public void WhatIsTheSameEverywhereKeepsItsWeights(int count, bool isBlank)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Small(Pooling.Max, 0);
        (Tensor images, _) = TinyNetworks.Batch(network, 1);
        double[] hidden = Values.Of(network.Backbone.named_parameters().Single(entry => entry.name == "fc1.weight").parameter);
        network.InitializeFrom((isBlank ? full_like(images, 0.5) : images).expand(count, -1, -1, -1));

        Assert.IsTrue(network.Backbone.parameters().All(parameter => parameter.isfinite().all().ToBoolean()));
        CollectionAssert.AreEqual(hidden, Values.Of(network.Backbone.named_parameters().Single(entry => entry.name == "fc1.weight").parameter));
    }

    [TestMethod]
    public void NothingElseChanges()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Small(Pooling.Max, 3);
        (Tensor images, _) = TinyNetworks.Batch(network, Count);
        double[] pixels = Values.Of(images);
        Tensor random = get_rng_state();
        network.InitializeFrom(images);

        CollectionAssert.AreEqual(pixels, Values.Of(images));
        Assert.IsTrue(random.equal(get_rng_state()).all().ToBoolean());
        Assert.IsTrue(network.Backbone.parameters().All(parameter => parameter.requires_grad));
        Assert.IsFalse(network.Modules.Any(ForwardHooks.HasAny));

        using ImageNetwork repeated = Small(Pooling.Max, 3);
        repeated.InitializeFrom(images);
        CollectionAssert.AreEqual(
            network.Backbone.parameters().SelectMany(Values.Of).ToArray(), repeated.Backbone.parameters().SelectMany(Values.Of).ToArray());
    }

    [TestMethod]
    public void ImagesThatAreNoneAreRefused()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Small(Pooling.Max, 3);
        (Tensor images, _) = TinyNetworks.Batch(network, Count);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => network.InitializeFrom(images[TensorIndex.Slice(0, 0)])).Message, "no image");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => network.InitializeFrom(images + 1)).Message, "allowed is");
        Assert.ThrowsExactly<ArgumentNullException>(() => network.InitializeFrom(null!));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => network.InitializeFrom(images, 0));
    }

    private static ImageNetwork Small(Pooling pooling, double beta) => TinyNetworks.Create(
        new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5, Pooling = pooling },
        activation: beta == 0 ? Activation.Relu : Activation.Softplus(beta));
}
