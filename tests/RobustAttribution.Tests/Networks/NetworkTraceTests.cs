using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>The recorded structure of a network of ours is the whole network; that of others is refused where it is not.</summary>
[TestClass]
public sealed class NetworkTraceTests
{
    public static IEnumerable<object[]> Architectures
        => new NetworkArchitecture[]
        {
            new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5 },
            new SmallConvNetArchitecture { FirstStageChannels = 3, SecondStageChannels = 4, HiddenUnits = 5, Pooling = Pooling.Average },
            NetworkArchitecture.LeNet,
            new LeNetArchitecture { Pooling = Pooling.Average },
            new ResNetArchitecture { Width = 2, Stem = ResNetStem.SmallImages },
            new ResNetArchitecture { Width = 2 },
            new ResNetArchitecture { Width = 2, Pooling = Pooling.Average },
            new ResNetArchitecture { Width = 2, Depth = 50, LastStageStride = 1 },
            new WideResNetArchitecture { Depth = 10, WidthFactor = 1 },
            new WideResNetArchitecture { Depth = 16, WidthFactor = 2 },
        }.Select(architecture => new object[] { architecture });

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void ItReplaysTheNetworkBitForBit(NetworkArchitecture architecture)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Trained(TinyNetworks.Create(architecture, size: 16, type: ScalarType.Float32), 3);
        Tensor images = TinyNetworks.Batch(network, 2).Images;
        var state = NetworkState.Of(network);
        NetworkTrace trace;
        using (NewDisposeScope())
        {
            trace = NetworkTrace.Of(network, images);
        }

        state.IsUnchanged("traced");
        Tensor others = rand([3, 2, 16, 16]);
        CollectionAssert.AreEqual(Values.Of(network.Logits(others)), Values.Of(trace.Replay(network.Entering(network.Normalize(others)))[trace.Output + 1]));
        nn.Module[] leaves = [.. network.Backbone.modules().Where(module => !module.named_children().Any())];
        CollectionAssert.AreEquivalent(leaves, trace.Steps.Select(step => step.Module).ToArray(), "every operation is a module");
        NetworkCheck check = network.Check(images);
        Assert.IsEmpty(check.Findings, string.Join(' ', check.Findings));
    }

    [TestMethod]
    [DynamicData(nameof(Architectures))]
    public void AnActivationThatNeverFallsMayComeAfterItsPooling(NetworkArchitecture architecture)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Trained(TinyNetworks.Create(architecture, size: 16, type: ScalarType.Float32), 3);
        NetworkTrace trace = network.Trace!, first = trace.PoolingFirst;
        int pools = trace.Steps.Count(step => step.Module is MaxPool2d);
        Assert.HasCount(2 * pools, first.Steps.Where((step, i) => step != trace.Steps[i]));
        for (int i = 1; i < first.Steps.Count; i++)
        {
            Assert.IsFalse(first.Steps[i].Module is MaxPool2d && first.Steps[i - 1].Module is ActivationLayer, first.Steps[i].Name);
        }

        Tensor entering = network.Entering(rand([3, 2, 16, 16]));
        foreach (Activation activation in new[] { Activation.Relu, Activation.Softplus(3) })
        {
            using IDisposable switched = network.WithActivation(activation);
            Values.AreClose(Logits(trace), Logits(first), activation.IsSmooth ? 1e-5 : 0, $"{activation}");
        }

        double[] Logits(NetworkTrace of) => Values.Of(of.Replay(entering)[of.Output + 1]);
    }

    [TestMethod]
    public void WhatItCannotSeeIsNamed()
    {
        using var scope = NewDisposeScope();
        Refuses("'fc' sees comes from no module", (conv, fc, x) => fc.call(conv.call(x).flatten(1)));
        Refuses("the logits sees comes from no module", (conv, fc, x) => fc.call(conv.call(x)).flatten(1).mul(2));
        Refuses("'fc' sees was changed in place after 'conv'", (conv, fc, x) => fc.call(conv.call(x).mul_(2)));
        manual_seed(3); // for TorchVision
        using var theirs = new ImageNetwork(torchvision.models.resnet18(num_classes: 4), TinyNetworks.Input(3, 16), 4);
        Assert.ThrowsExactly<NotSupportedException>(() => NetworkTrace.Of(theirs, rand([1, 3, 16, 16])));

        static void Refuses(string what, Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> forward)
        {
            using var network = new ImageNetwork(new Written(forward), TinyNetworks.Input(), 4);
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => NetworkTrace.Of(network, rand([2, 2, 8, 8]))).Message, what);
        }
    }

    private sealed class Written : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> conv = nn.Conv2d(2, 4, 8), fc = nn.Flatten();
        private readonly Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> written;

        public Written(Func<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>, Tensor, Tensor> written)
            : base(nameof(Written))
        {
            this.written = written;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => written(conv, fc, input);
    }
}
