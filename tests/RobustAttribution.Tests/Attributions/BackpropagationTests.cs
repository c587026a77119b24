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
            Tensor guided = new GuidedBackpropagation().Attribute(network, images, classes), deconvolved = new Deconvolution().Attribute(network, images, classes);
            for (int n = 0; n < 2; n++)
            {
                double[] x = Values.Of(network.Normalize(images)[n]);
                int target = (int)classes[n].ToInt64();
                Values.AreClose(InPixels(reference.Gradient(x, target, null, (signal, input, derivative) => Math.Max(signal, 0) * derivative(input))), Values.Of(guided[n]), 1e-10, "guided");
                Values.AreClose(InPixels(reference.Gradient(x, target, null, (signal, _, _) => Math.Max(signal, 0))), Values.Of(deconvolved[n]), 1e-10, "deconvolution");
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
            Values.AreClose(new InputGradient().Attribute(network, images, classes), new GuidedBackpropagation().Attribute(network, images, classes), 1e-10);
        }
    }

    [TestMethod]
    public void NetworksThatDoNotTellTheirLayersAreNamed()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork known = TinyNetworks.Residual();
        using var network = new ImageNetwork(new OpaqueModule(known.Backbone), known.Input, 4);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        foreach (IAttributionMethod method in new IAttributionMethod[] { new LayerwiseRelevance(), new GuidedBackpropagation(), new Deconvolution(), new ClassActivationMap(), new GradCam() })
        {
            string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message;
            StringAssert.Contains(message, nameof(OpaqueModule));
        }

        foreach (IAttributionMethod method in new IAttributionMethod[] { new InputGradient(), new GradientTimesInput(), new IntegratedGradients { Steps = 3 }, new SmoothGrad { Samples = 2 } })
        {
            Values.AreClose(method.Attribute(known, images, classes), method.Attribute(network, images, classes), 1e-12, method.GetType().Name);
        }

        Values.AreClose(new GradCam().Attribute(known, images, classes), new GradCam { Layer = "inner.layer4" }.Attribute(network, images, classes), 1e-12);
    }

    [TestMethod]
    public void WhatIsNotToldToTheRunnerIsNoticed()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(new Secretive(), TinyNetworks.Input(), 4);
        Tensor images = rand([2, 2, 8, 8]), classes = tensor(new long[] { 0, 1 });
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => new GuidedBackpropagation().Attribute(network, images, classes)).Message, nameof(ILayerRunner));
        Assert.IsTrue(Values.Of(new InputGradient().Attribute(network, images, classes)).All(double.IsFinite));
    }

    [TestMethod]
    public void ALayerWithoutARuleIsNamed()
    {
        using var scope = NewDisposeScope();
        using var network = new ImageNetwork(new LayerSequence(new FlattenLayer(), new LinearLayer(128, 4), new OpaqueModule(new ActivationLayer())), TinyNetworks.Input(), 4);
        Tensor images = rand([2, 2, 8, 8]), classes = tensor(new long[] { 0, 1 });
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => new LayerwiseRelevance().Attribute(network, images, classes)).Message, nameof(OpaqueModule));
    }

    [TestMethod]
    public void RunningOutOfMemoryNamesTheOptions()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork inner = TinyNetworks.Convolutional();
        (ImageNetwork network, CountingModule counter) = CountingModule.Around(inner);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        foreach (string words in new[] { "CUDA out of memory. Tried to allocate 2.00 GiB", "[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory" })
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

    /// <summary>Doubles its values behind the runner's back.</summary>
    private sealed class Secretive : LayeredModule
    {
        private readonly FlattenLayer flatten = new();
        private readonly LinearLayer linear = new(128, 4);

        public Secretive()
            : base(nameof(Secretive)) => RegisterComponents();

        public override Tensor Run(Tensor input, ILayerRunner runner) => runner.Apply(linear, runner.Apply(flatten, input) * 2);
    }
}
