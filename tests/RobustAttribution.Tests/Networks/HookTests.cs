using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Networks;

/// <summary>What hooks see of networks that are written in unusual ways.</summary>
[TestClass]
public sealed class HookTests
{
    private static readonly LayerwiseRelevance NearlyZero = new()
    {
        Composite = new RelevanceComposite { Convolution = new EpsilonRule { Epsilon = 1e-13 }, Dense = new EpsilonRule { Epsilon = 1e-13 } },
    };

    [TestMethod]
    public void FrozenFeaturesAreAnErrorAndEndNoProcess()
    {
        using var scope = NewDisposeScope();
        foreach (Activation activation in new[] { Activation.Relu, TinyNetworks.Smooth })
        {
            using ImageNetwork network = Written((m, x) =>
            {
                using (no_grad())
                {
                    x = m.Relu.call(m.Conv.call(x));
                }

                return m.Head.call(x.flatten(1));
            });
            network.SetActivation(activation);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
            foreach (IAttributionMethod method in new IAttributionMethod[] { new GuidedBackpropagation(), new LayerwiseRelevance(), new InputGradient() })
            {
                var error = Assert.ThrowsExactly<InvalidOperationException>(() => method.Attribute(network, images, classes), $"{method}");
                StringAssert.Contains(error.Message, "do not depend on the image");
            }
        }
    }

    [TestMethod]
    public void GradCamOfABranchOfATorchVisionBlockIsTheSameWhereTheActivationIsExchanged()
    {
        using var scope = NewDisposeScope();
        manual_seed(4); // for TorchVision
        using var network = new ImageNetwork(torchvision.models.resnet18(num_classes: 4), TinyNetworks.Input(3, 64), 4);
        TinyNetworks.Trained(network, 5);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 1);
        foreach (string layer in new[] { "layer3.1.bn2", "layer3.0.downsample", "layer3.1" })
        {
            Tensor expected = new GradCam { Layer = layer }.Attribute(network, images, classes);
            Assert.IsGreaterThan(0, expected.abs().max().ToDouble());
            using (network.WithActivation(Activation.Softplus(1e5)))
            {
                Values.AreClose(expected, new GradCam { Layer = layer }.Attribute(network, images, classes), 1e-2, layer);
            }
        }
    }

    [TestMethod]
    public void AConvolutionWhoseOutputIsUsedBesideItsNormalisationKeepsItsRule()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork beside = Written((m, x) =>
        {
            Tensor y = m.Conv.call(x);
            return m.Head.call(((m.Norm.call(y) * 0) + y).flatten(1));
        });
        using ImageNetwork alone = Written((m, x) => m.Head.call(m.Conv.call(x).flatten(1)), beside);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(beside, 2);
        var method = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlus };
        foreach (bool createGraph in new[] { false, true })
        {
            Values.AreClose(method.Attribute(alone, images, classes), method.Attribute(beside, images, classes, createGraph), 1e-10);
        }
    }

    [TestMethod]
    public void ANormalisationOfAChangedOutputIsNotFolded()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Written((m, x) =>
        {
            Tensor y = m.Conv.call(x);
            y.add_(x.narrow(1, 0, 1));
            return m.Head.call(m.Norm.call(y).flatten(1));
        });
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        Tensor expected = new GradientTimesInput { Baseline = Baseline.Mean }.Attribute(network, images, classes);
        Values.AreClose(expected, NearlyZero.Attribute(network, images, classes), 1e-8);
    }

    [TestMethod]
    public void AnInputThatAReluInPlaceOverwritesIsOverwrittenUnderHooksToo()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Written((m, x) =>
        {
            Tensor z = m.Norm.call(m.Conv.call(x)), y = m.Relu.call(z);
            return m.Head.call((y + (z * 2)).flatten(1));
        });
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        Tensor logits = network.Logits(images);
        Values.AreClose(logits, new GuidedBackpropagation().AttributeWithLogits(network, images, classes).Logits, 1e-12, "guided");
        Values.AreClose(new InputGradient().Attribute(network, images, classes), Exchanged(() => new InputGradient().Attribute(network, images, classes)), 1e-12);
        Values.AreClose(logits, Exchanged(() => network.Logits(images)), 1e-12, "exchanged");

        Tensor Exchanged(Func<Tensor> compute)
        {
            using IDisposable exchanged = network.WithActivation(Activation.Relu);
            return compute();
        }
    }

    [TestMethod]
    public void AHeadThatIsNotTheEndIsNoHeadForClassActivationMaps()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(
            nn.Sequential(
                ("conv", nn.Conv2d(2, 3, 3)), ("pool", nn.AdaptiveAvgPool2d(1)), ("flatten", nn.Flatten()), ("fc", nn.Linear(3, 4)), ("end", nn.Softplus())),
            TinyNetworks.Input(),
            4) { FeatureLayer = "conv", PooledHead = "fc" };
        Tensor images = rand([2, 2, 8, 8]), classes = tensor(new long[] { 0, 1 });
        string message = Assert.ThrowsExactly<NotSupportedException>(() => new ClassActivationMap().Attribute(network, images, classes)).Message;
        StringAssert.Contains(message, "'fc' does not compute the logits");
    }

    [TestMethod]
    [DataRow(8, 3)]
    [DataRow(112, 48)]
    public void TheCheckFindsAFunctionalActivationInMapsOfAnySize(int size, int channels)
    {
        using var scope = NewDisposeScope();
        Func<Tensor, Tensor>[] functions = [x => nn.functional.relu(x), x => nn.functional.softplus(x, 1, 20), x => x.tanh(), x => x * x.sigmoid()];
        foreach (Func<Tensor, Tensor> function in functions)
        {
            using var network = new ImageNetwork(new Functional(channels, function), TinyNetworks.Input(2, size), 4);
            NetworkCheck check = network.Check(rand([2, 2, size, size]));
            Assert.HasCount(1, check.Findings, string.Join(' ', check.Findings));
            StringAssert.StartsWith(check.Findings[0], "Between 'first' and 'second'");
        }
    }

    [TestMethod]
    public void TheCheckSaysThatNothingIsCalled()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Written((m, x) => m.Head.forward(m.Conv.forward(x).flatten(1)));
        NetworkCheck check = network.Check(TinyNetworks.Batch(network, 2).Images);
        Assert.IsTrue(check.Findings.Any(finding => finding.Contains("through call()", StringComparison.Ordinal)));
        Assert.ThrowsExactly<ArgumentException>(() => network.Check(zeros([0, 2, 8, 8], ScalarType.Float64)));
    }

    [TestMethod]
    public void TheCheckComparesLogitsWithClassesAndReadsWell()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(nn.Sequential(nn.Flatten(), nn.Linear(128, 1000)), TinyNetworks.Input(), 2);
        NetworkCheck check = network.Check(rand([3, 2, 8, 8]));
        Assert.IsFalse(check.IsUnderstood);
        StringAssert.Contains(check.ToString(), "[3,1000]");
        StringAssert.Contains(check.ToString(), "[N,2]");
        using ImageNetwork right = TinyNetworks.Convolutional();
        StringAssert.StartsWith(right.Check(TinyNetworks.Batch(right, 2).Images).ToString(), "Every module is understood.");
    }

    [TestMethod]
    public void ModesOfModulesInSeveralPlacesComeBack()
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> shared = nn.BatchNorm2d(2);
        var inner = new OpaqueModule(shared);
        using var network = new ImageNetwork(nn.Sequential(("shared", shared), ("inner", inner), ("flatten", nn.Flatten()), ("fc", nn.Linear(128, 4))), TinyNetworks.Input(), 4);
        network.Backbone.eval();
        inner.train();
        shared.eval();
        using (network.ForInspection())
        {
            Assert.IsFalse(inner.training);
        }

        Assert.IsTrue(inner.training);
        Assert.IsFalse(shared.training);
    }

    [TestMethod]
    public void AJoinIsNamedAsWhatItIs()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        string message = Assert.ThrowsExactly<NotSupportedException>(() => new GradCam { Layer = "layer1.0.sum" }.Attribute(network, images, classes)).Message;
        StringAssert.Contains(message, "'layer1.0.sum' is a Sum");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TwoNetworksAroundOneModuleShareItsActivations(bool inPlace)
    {
        using var scope = NewDisposeScope();
        ImageNetwork Wrap(nn.Module<Tensor, Tensor> backbone) => new(backbone, TinyNetworks.Input(), 4);
        using ImageNetwork first = Wrap(Chain()), second = Wrap(first.Backbone), alone = Wrap(Chain());
        foreach ((Tensor to, Tensor from) in alone.Backbone.parameters().Zip(first.Backbone.parameters()))
        {
            using IDisposable mode = no_grad();
            to.copy_(from);
        }

        Tensor images = rand([2, 2, 8, 8]), classes = tensor(new long[] { 0, 3 });
        foreach (IAttributionMethod method in new IAttributionMethod[] { new GuidedBackpropagation(), new LayerwiseRelevance(), new InputGradient() })
        {
            Compare(method);
            using (first.WithActivation(TinyNetworks.Smooth))
            using (alone.WithActivation(TinyNetworks.Smooth))
            {
                Compare(method);
            }

            first.SetActivation(TinyNetworks.Smooth);
            alone.SetActivation(TinyNetworks.Smooth);
            Assert.AreEqual(TinyNetworks.Smooth, second.Activation);
            Compare(method);
            second.SetActivation(Activation.Relu);
            alone.SetActivation(Activation.Relu);
            Assert.AreEqual(Activation.Relu, first.Activation);
        }

        Assert.AreSame(first.SyncRoot, second.SyncRoot);

        void Compare(IAttributionMethod method)
        {
            double[] expected = Values.Of(method.Attribute(alone, images, classes));
            CollectionAssert.AreEqual(expected, Values.Of(method.Attribute(second, images, classes)), $"{method}");
        }

        nn.Module<Tensor, Tensor> Chain() => nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(inPlace), nn.Flatten(), nn.Linear(108, 4));
    }

    [TestMethod]
    [DataRow("module")]
    [DataRow("layer")]
    public void ExchangesEndInAnyOrder(string kind)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = kind == "layer"
            ? TinyNetworks.Convolutional(activation: Activation.Relu)
            : Written((m, x) => m.Head.call(m.Relu.call(m.Conv.call(x)).flatten(1)));
        Tensor images = TinyNetworks.Batch(network, 2).Images;
        double[] plain = Values.Of(network.Logits(images)), two = Under(2), five = Under(5);
        IDisposable outer = network.WithActivation(Activation.Softplus(2)), inner = network.WithActivation(Activation.Softplus(5));
        CollectionAssert.AreEqual(five, Values.Of(network.Logits(images)), "the newest");
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => network.SetActivation(Activation.Softplus(9))).Message;
        StringAssert.Contains(message, "dispose of its result first");
        outer.Dispose();
        CollectionAssert.AreEqual(five, Values.Of(network.Logits(images)), "the older one has ended");
        inner.Dispose();
        CollectionAssert.AreEqual(plain, Values.Of(network.Logits(images)));
        network.SetActivation(Activation.Softplus(2));
        CollectionAssert.AreEqual(two, Values.Of(network.Logits(images)));

        double[] Under(double beta)
        {
            using IDisposable exchanged = network.WithActivation(Activation.Softplus(beta));
            return Values.Of(network.Logits(images));
        }
    }

    [TestMethod]
    public void AModuleAddedAfterWrappingIsNamed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Written((m, x) => m.Head.call(m.Relu.call(m.Conv.call(x)).flatten(1)));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        network.Backbone.register_module("late", nn.ReLU());
        Action[] calls =
        [
            () => new GuidedBackpropagation().Attribute(network, images, classes), () => network.WithActivation(TinyNetworks.Smooth),
            () => network.SetActivation(TinyNetworks.Smooth), () => network.Check(images),
        ];
        foreach (Action call in calls)
        {
            StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(call).Message, "Module 'late'");
        }

        using var again = new ImageNetwork(network.Backbone, network.Input, network.ClassCount);
        Assert.IsGreaterThan(0, new GuidedBackpropagation().Attribute(again, images, classes).abs().max().ToDouble());
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void WhatAHookOfTheUsersDoesToAnActivationSOutputIsKept(bool exchangedBefore)
    {
        using var scope = NewDisposeScope();
        using ImageNetwork hooked = Written((m, x) => m.Head.call(m.Relu.call(m.Norm.call(m.Conv.call(x))).flatten(1)));
        using ImageNetwork written = Written((m, x) => m.Head.call((m.Relu.call(m.Norm.call(m.Conv.call(x))) * 3).flatten(1)), hooked);
        if (exchangedBefore)
        {
            hooked.SetActivation(TinyNetworks.Smooth);
            written.SetActivation(TinyNetworks.Smooth);
        }

        ((Modules)hooked.Backbone).Relu.register_forward_hook((_, _, y) => y * 3);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(hooked, 2);
        IAttributionMethod[] methods = [new GuidedBackpropagation(), new Deconvolution(), new LayerwiseRelevance(), new GradCam { Layer = "Norm" }];
        foreach (IAttributionMethod method in methods)
        {
            Values.AreClose(method.Attribute(written, images, classes), method.Attribute(hooked, images, classes), 1e-12, $"{method}");
        }

        using (hooked.WithActivation(Activation.Softplus(4)))
        using (written.WithActivation(Activation.Softplus(4)))
        {
            Values.AreClose(written.Logits(images), hooked.Logits(images), 1e-12);
        }
    }

    [TestMethod]
    public void AnotherInputForAnActivationInPlaceIsRefused()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Written((m, x) => m.Head.call(m.Relu.call(m.Conv.call(x)).flatten(1)));
        Tensor images = TinyNetworks.Batch(network, 2).Images;
        using IDisposable exchanged = network.WithActivation(TinyNetworks.Smooth);
        ((Modules)network.Backbone).Relu.register_forward_pre_hook((_, x) => x * 2);
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => network.Logits(images)).Message, "ReLU that works in place");
    }

    [TestMethod]
    public void WhatHooksDoNotSeeIsRefusedAndNamed()
    {
        using var scope = NewDisposeScope();
        IAttributionMethod[] signals = [new GuidedBackpropagation(), new Deconvolution()], all = [.. signals, new LayerwiseRelevance()], relevance = [NearlyZero];
        const string Silent = "'Relu', a ReLU, is never called through call()";
        Refused(signals, Silent, (m, x) => m.Head.call(m.Relu.forward(m.Conv.call(x)).flatten(1)));
        Refused(signals, "Between 'Conv' and 'Head'", (m, x) => m.Head.call(m.Conv.call(x).relu().flatten(1)));
        Refused(signals, "Between the images and 'Conv'", (m, x) => m.Head.call(m.Relu.call(m.Conv.call(x.relu())).flatten(1)));
        Refused(signals, "Between 'Head' and the logits", (m, x) => m.Head.call(m.Relu.call(m.Conv.call(x)).flatten(1)).relu());
        Refused(all, "Between 'Norm', 'Relu' and 'Head'", (m, x) =>
        {
            Tensor y = m.Norm.call(m.Conv.call(x));
            return m.Head.call((m.Relu.call(y.clone()) * y).flatten(1));
        });
        Refused(all, "Between 'Conv' and 'Head'", (m, x) => m.Head.call(nn.functional.softmax(m.Conv.call(x), 1).flatten(1)));
        Refused(all, "Between 'Conv' and 'Head'", (m, x) => m.Head.call(nn.functional.layer_norm(m.Conv.call(x), [8, 8]).flatten(1)));
        Refused(relevance, "'Conv', a Conv2d, is never called", (m, x) => m.Head.call(m.Relu.call(m.Conv.forward(x)).flatten(1)));
        Refused(relevance, "'Norm', a BatchNorm2d, is never called", (m, x) => m.Head.call(m.Norm.forward(m.Conv.call(x)).flatten(1)));
        Refused(relevance, "'Conv', a Conv2d, is used not only through call()", (m, x) =>
        {
            Tensor again = nn.functional.conv2d(x, ((TorchSharp.Modules.Conv2d)m.Conv).weight, null, [1, 1], [1, 1]);
            return m.Head.call((m.Conv.call(x) + again).flatten(1));
        });

        int passes = 0;
        Refused(all, "calls its modules in another order each time", (m, x) =>
        {
            Tensor y = m.Conv.call(x);
            return m.Head.call((passes++ % 2 == 0 ? m.Relu.call(y) : m.Norm.call(y)).flatten(1));
        });
        Refused(all, "calls its modules in another order each time", (m, x) =>
        {
            Tensor y = m.Conv.call(x);
            return m.Head.call((x.abs().max().item<double>() > 3.5 ? m.Relu.call(y) : y).flatten(1)); // only where the images are moved
        });

        // What hooks need not see: ReLUs for relevance, layers for signals, pools, and modules that evaluation does not use.
        Allowed(relevance, (m, x) => m.Head.call(m.Relu.forward(m.Conv.call(x)).flatten(1)));
        Allowed(signals, (m, x) => m.Head.call(m.Relu.call(m.Conv.forward(x)).flatten(1)));
        Allowed(all, (m, x) => m.Head.call(nn.functional.max_pool2d(m.Conv.call(x), 3, 1, 1).flatten(1)), isFound: false);
        Allowed(all, (m, x) => m.Head.call(m.Conv.call(x).flatten(1)), isFound: false);
        Allowed(all, (m, x) => m.Head.call((m.Conv.call(x) - nn.functional.avg_pool2d(m.Conv.call(x), 3, 1, 1)).flatten(1)), isFound: false);

        static void Refused(IAttributionMethod[] methods, string what, Func<Modules, Tensor, Tensor> forward)
        {
            using ImageNetwork network = Written(forward);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
            foreach (IAttributionMethod method in methods)
            {
                string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes), what).Message;
                StringAssert.Contains(message, what, $"{method}");
            }

            StringAssert.Contains(network.Check(images).ToString(), what);
        }

        static void Allowed(IAttributionMethod[] methods, Func<Modules, Tensor, Tensor> forward, bool isFound = true)
        {
            using ImageNetwork network = Written(forward);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
            Array.ForEach(methods, method => Assert.IsGreaterThan(0, method.Attribute(network, images, classes).abs().max().ToDouble()));
            NetworkCheck check = network.Check(images);
            Assert.AreEqual(isFound, !check.IsUnderstood, check.ToString());
        }
    }

    private static ImageNetwork Written(Func<Modules, Tensor, Tensor> forward, ImageNetwork? weightsOf = null)
    {
        var network = new ImageNetwork(new Modules(forward), TinyNetworks.Input(), 4);
        network.MoveTo(CPU, ScalarType.Float64);
        if (weightsOf is null)
        {
            return TinyNetworks.Trained(network, 6);
        }

        using var weights = new MemoryStream();
        weightsOf.SaveWeights(weights);
        weights.Position = 0;
        network.LoadWeights(weights);
        network.Backbone.eval();
        return network;
    }

    private sealed class Modules : nn.Module<Tensor, Tensor>
    {
        private readonly Func<Modules, Tensor, Tensor> written;

        public Modules(Func<Modules, Tensor, Tensor> written)
            : base(nameof(Modules))
        {
            this.written = written;
            foreach ((string name, nn.Module module) in new (string, nn.Module)[] { ("Conv", Conv), ("Norm", Norm), ("Relu", Relu), ("Head", Head) })
            {
                register_module(name, module);
            }
        }

        public nn.Module<Tensor, Tensor> Conv { get; } = nn.Conv2d(2, 3, 3, padding: 1);

        public nn.Module<Tensor, Tensor> Norm { get; } = nn.BatchNorm2d(3);

        public nn.Module<Tensor, Tensor> Relu { get; } = nn.ReLU(inplace: true);

        public nn.Module<Tensor, Tensor> Head { get; } = nn.Linear(192, 4);

        public override Tensor forward(Tensor input) => written(this, input);
    }

    private sealed class Functional : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first, second, pool = nn.AdaptiveAvgPool2d(1), flatten = nn.Flatten(), fc;
        private readonly Func<Tensor, Tensor> function;

        public Functional(int channels, Func<Tensor, Tensor> function)
            : base(nameof(Functional))
        {
            (first, second, fc) = (nn.Conv2d(2, channels, 3, padding: 1), nn.Conv2d(channels, 4, 3, padding: 1), nn.Linear(4, 4));
            this.function = function;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => fc.call(flatten.call(pool.call(second.call(function(first.call(input))))));
    }
}
