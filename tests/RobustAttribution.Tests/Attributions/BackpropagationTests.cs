using System.Runtime.InteropServices;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

/// <summary>Guided back-propagation and deconvolution, and what networks they take.</summary>
[TestClass]
public sealed class BackpropagationTests
{
    [TestMethod]
    [DataRow(1UL)]
    [DataRow(2UL)]
    [DataRow(3UL)]
    public void GuidedBackpropagationAndDeconvolutionAreTheirDefinitions(ulong seed)
    {
        foreach (Activation activation in new[] { Activation.Relu, TinyNetworks.Smooth })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Convolutional(seed, activation);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
            var reference = new ChainReference(network);
            Tensor guided = new GuidedBackpropagation().Attribute(network, images, classes);
            Tensor deconvolved = new Deconvolution().Attribute(network, images, classes);
            for (int n = 0; n < 2; n++)
            {
                double[] x = Values.Of(network.Normalize(images)[n]);
                int target = (int)classes[n].ToInt64();
                double[] gated = reference.Gradient(x, target, null, (signal, input, derivative) => Math.Max(signal, 0) * derivative(input));
                double[] positive = reference.Gradient(x, target, null, (signal, _, _) => Math.Max(signal, 0));
                Values.AreClose(InPixels(gated), Values.Of(guided[n]), 1e-10, "guided");
                Values.AreClose(InPixels(positive), Values.Of(deconvolved[n]), 1e-10, "deconvolution");
            }

            double[] InPixels(double[] gradient) => [.. gradient.Select((value, i) => value / network.Input.StandardDeviation[i / 64])];
        }
    }

    [TestMethod]
    public void WhereEverythingIsPositiveGuidedBackpropagationIsTheGradient()
    {
        foreach (Func<ImageNetwork> make in new[] { () => TinyNetworks.Convolutional(), () => TinyNetworks.Residual(), () => TinyNetworks.Wide() })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = make();
            using (no_grad())
            {
                foreach (Tensor weight in network.Backbone.parameters())
                {
                    weight.copy_(weight.abs());
                }
            }

            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            Values.AreClose(
                new InputGradient().Attribute(network, images, classes), new GuidedBackpropagation().Attribute(network, images, classes), 1e-10);
        }
    }

    [TestMethod]
    public void AModuleThatHoldsAnotherIsSeenThrough()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork known = TinyNetworks.Residual();
        using var network = new ImageNetwork(new OpaqueModule(known.Backbone), known.Input, 4);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        foreach (IAttributionMethod method in new IAttributionMethod[] { new ClassActivationMap(), new GradCam() })
        {
            string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message;
            StringAssert.Contains(message, nameof(OpaqueModule));
        }

        IAttributionMethod[] methods =
        [
            new InputGradient(), new GradientTimesInput(), new IntegratedGradients { Steps = 3 }, new SmoothGrad { Samples = 2 },
            new LayerwiseRelevance(), new GuidedBackpropagation(), new Deconvolution(),
        ];
        foreach (IAttributionMethod method in methods)
        {
            Values.AreClose(method.Attribute(known, images, classes), method.Attribute(network, images, classes), 1e-12, method.GetType().Name);
        }

        Values.AreClose(
            new GradCam().Attribute(known, images, classes), new GradCam { Layer = "inner.layer4" }.Attribute(network, images, classes), 1e-12);
        using var named = new ImageNetwork(new OpaqueModule(known.Backbone), known.Input, 4)
        {
            FeatureLayer = "inner.layer4", PooledHead = "inner.fc",
        };
        Values.AreClose(
            new ClassActivationMap().Attribute(known, images, classes), new ClassActivationMap().Attribute(named, images, classes), 1e-12);
    }

    [TestMethod]
    public void AHeadThatDoesNotSeeTheMeansIsNamed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork known = TinyNetworks.Residual();
        using var network = new ImageNetwork(new OpaqueModule(known.Backbone), known.Input, 4)
        {
            FeatureLayer = "inner.layer4.0", PooledHead = "inner.fc",
        };
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        string message = Assert.ThrowsExactly<NotSupportedException>(() => new ClassActivationMap().Attribute(network, images, classes)).Message;
        StringAssert.Contains(message, "'inner.fc'");
        StringAssert.Contains(message, "'inner.layer4.0'");
    }

    [TestMethod]
    public void WithoutActivationsGuidedBackpropagationIsTheGradient()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(new Doubling(), TinyNetworks.Input(), 4);
        Tensor images = rand([2, 2, 8, 8]), classes = tensor(new long[] { 0, 1 });
        Values.AreClose(
            new InputGradient().Attribute(network, images, classes), new GuidedBackpropagation().Attribute(network, images, classes), 1e-6);
    }

    [TestMethod]
    public void ALayerWithoutARuleIsNamed()
    {
        using var scope = NewDisposeScope();
        Tensor images = rand([2, 2, 8, 8]), classes = tensor(new long[] { 0, 1 });
        var norm = nn.GroupNorm(2, 4);
        nn.init.ones_(norm.weight); // TorchSharp 0.107 leaves weight and bias as the memory was
        nn.init.zeros_(norm.bias);
        Refuses("'1', a GroupNorm", nn.Conv2d(2, 4, 8), norm, nn.Flatten());
        Refuses("'2', a Softmax", nn.Flatten(), nn.Linear(128, 4), nn.Softmax(1));
        Refuses("'0', a Conv2d with padding mode Reflect",
            nn.Conv2d(2, 4, 9, padding: 1, padding_mode: PaddingModes.Reflect), nn.AdaptiveAvgPool2d(1), nn.Flatten());
        Refuses("'1', a OwnWeights with parameters of its own", nn.Flatten(), new OwnWeights());

        void Refuses(string what, params nn.Module<Tensor, Tensor>[] layers)
        {
            using var network = new ImageNetwork(nn.Sequential(layers), TinyNetworks.Input(), 4);
            foreach (IAttributionMethod method in new IAttributionMethod[]
                { new LayerwiseRelevance(), new GuidedBackpropagation(), new Deconvolution() })
            {
                string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message;
                StringAssert.Contains(message, what);
                StringAssert.Contains(message, method.GetType().Name);
            }

            Assert.IsTrue(Values.Of(new InputGradient().Attribute(network, images, classes)).All(double.IsFinite));
        }
    }

    [TestMethod]
    public void RunningOutOfMemoryNamesTheOptions()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork inner = TinyNetworks.Convolutional();
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        string[] failures =
        [
            "CUDA out of memory. Tried to allocate 2.00 GiB",
            "[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory",
            "DefaultCPUAllocator: not enough memory",
        ];
        foreach (string words in failures)
        {
            counter.Failure = new LibtorchFailure(words);
            Fails(new IntegratedGradients { MemoryBudget = 12345 }, "MemoryBudget (now 12345 bytes)");
            Fails(new InputGradient(), "fewer images");
        }

        counter.Failure = new LibtorchFailure("something else");
        counter.Reset();
        counter.FailingCall = 1;
        Assert.ThrowsExactly<LibtorchFailure>(() => new InputGradient().Attribute(network, images, classes));

        void Fails(IAttributionMethod method, string advice)
        {
            counter.Reset();
            counter.FailingCall = 1;
            string message = Assert.ThrowsExactly<InsufficientMemoryException>(() => method.Attribute(network, images, classes)).Message;
            StringAssert.Contains(message, advice);
            StringAssert.Contains(message, "3 images");
        }
    }

    private sealed class LibtorchFailure(string message) : ExternalException(message);

    /// <summary>Computes with a function between its modules.</summary>
    private sealed class Doubling : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> flatten = nn.Flatten(), linear = nn.Linear(128, 4);

        public Doubling()
            : base(nameof(Doubling)) => RegisterComponents();

        public override Tensor forward(Tensor input) => linear.call(flatten.call(input) * 2);
    }

    /// <summary>A linear layer that is not torch.nn's.</summary>
    private sealed class OwnWeights : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Parameter weight = nn.Parameter(rand(4, 128));

        public OwnWeights()
            : base(nameof(OwnWeights)) => RegisterComponents();

        public override Tensor forward(Tensor input) => nn.functional.linear(input, weight);
    }
}
