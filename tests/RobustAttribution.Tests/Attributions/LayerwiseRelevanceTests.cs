using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Laws;
using RobustAttribution.Tests.References;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Attributions;

[TestClass]
public sealed class LayerwiseRelevanceTests
{
    private static readonly EpsilonRule TinyEpsilon = new() { Epsilon = 1e-14 };
    private static readonly RelevanceComposite NearlyZero = new() { Dense = TinyEpsilon, Convolution = TinyEpsilon };

    public static IEnumerable<object[]> Cases
        => from composite in Enumerable.Range(0, AttributionTable.Composites.Count + 1)
           from bias in new[] { true, false }
           from seed in new ulong[] { 1, 2, 3 }
           select new object[] { composite, bias, seed };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void RelevanceIsThePapers(int row, bool withBias, ulong seed)
    {
        RelevanceComposite composite = row < AttributionTable.Composites.Count
            ? AttributionTable.Composites[row]
            : new RelevanceComposite
            {
                FirstLayer = new AlphaBetaRule { Alpha = 3 },
                Convolution = new EpsilonRule { Epsilon = 0.01 },
                Dense = new GammaRule { Gamma = 0.7 },
            };
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional(seed, Activation.Relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
        var reference = new ChainReference(network);
        double[] lowest = Values.Of(network.Normalize(zeros_like(images))[0]), highest = Values.Of(network.Normalize(ones_like(images))[0]);

        Tensor relevance = new LayerwiseRelevance { Composite = composite, BiasTakesRelevance = withBias }.Attribute(network, images, classes);

        for (int n = 0; n < 2; n++)
        {
            double[] expected = reference.Relevance(
                Values.Of(network.Normalize(images)[n]), (int)classes[n].ToInt64(), lowest, highest, withBias,
                RuleOf(composite.FirstLayer ?? composite.Convolution), RuleOf(composite.Convolution), RuleOf(composite.Dense));
            Values.AreClose(expected, Values.Of(relevance[n]), 1e-6);
        }
    }

    [TestMethod]
    public void TheBoxRuleSeesThroughAFlattening()
    {
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = TinyNetworks.Linear(seed);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 1, seed);
            var reference = new ChainReference(network);
            ChainReference.Rule box = RelevanceReferences.Box;
            double[] lowest = Values.Of(network.Normalize(zeros_like(images))), highest = Values.Of(network.Normalize(ones_like(images)));
            double[] expected = reference.Relevance(
                Values.Of(network.Normalize(images)), (int)classes[0].ToInt64(), lowest, highest, true, box, box, box);
            var method = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlusBox };
            Values.AreClose(expected, Values.Of(method.Attribute(network, images, classes)), 1e-6);
        }
    }

    [TestMethod]
    public void TheBoxRuleSeesThroughPaddingAndFunctions()
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> Convolution(int padding) => nn.Conv2d(2, 2, 3, padding: padding);
        Same(nn.Sequential(Convolution(1), nn.Flatten()), nn.Sequential(nn.ZeroPad2d(1), Convolution(0), nn.Flatten()));
        Same(
            nn.Sequential(Convolution(1), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten()),
            nn.Sequential(
                new Written(x => nn.functional.pad(x, [1, 1, 1, 1]), nn.Identity()), Convolution(0), nn.BatchNorm2d(2), nn.ReLU(inplace: true), nn.Flatten()));
        Same(nn.Sequential(nn.Flatten(), nn.Linear(128, 128)), new Written(x => x.reshape(-1, 128), nn.Linear(128, 128)));

        static void Same(nn.Module<Tensor, Tensor> plain, nn.Module<Tensor, Tensor> padded)
        {
            using var generator = new Generator(3, CPU);
            foreach ((Tensor to, Tensor from) in padded.parameters().Zip(plain.parameters()))
            {
                using IDisposable mode = no_grad();
                from.copy_(randn(from.shape, generator: generator));
                to.copy_(from);
            }

            using ImageNetwork one = Wrap(plain), other = Wrap(padded);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(one, 2);
            foreach (bool createGraph in new[] { false, true })
            {
                foreach (RelevanceComposite composite in new[] { RelevanceComposite.EpsilonPlusBox, RelevanceComposite.EpsilonGammaBox })
                {
                    Tensor expected = new LayerwiseRelevance { Composite = composite }.Attribute(one, images, classes);
                    Tensor actual = new LayerwiseRelevance { Composite = composite }.Attribute(other, images, classes, createGraph);
                    Assert.IsGreaterThan(0, expected.abs().max().ToDouble());
                    Values.AreClose(expected, actual, 1e-12);
                }
            }
        }
    }

    [TestMethod]
    public void ALayerThatSeesTheValuesOfTheImageByChanceIsNotTheFirst()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        nn.Module<Tensor, Tensor> first = nn.Conv2d(2, 2, 3, padding: 1, bias: false), second = nn.Conv2d(2, 2, 3, padding: 1);
        using ImageNetwork network = Wrap(nn.Sequential(first, second, nn.Flatten()));
        using (no_grad())
        {
            second.get_parameter("bias")!.fill_(1);
        }

        Tensor classes = tensor(new long[] { 5 });
        Tensor mean = -network.Normalize(zeros([1, 2, 8, 8], ScalarType.Float64)) / network.NormalizedRadius(1); // the network sees zeros
        Assert.AreEqual(0, network.Normalize(mean).abs().max().ToDouble(), 1e-15);
        var method = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlusBox };

        // A pixel moved by so little changes nothing, but the images' values are no longer those that the second layer sees.
        Tensor beside = mean + (rand_like(mean) * 1e-9);
        Values.AreClose(method.Attribute(network, beside, classes), method.Attribute(network, mean, classes), 1e-6);
    }

    [TestMethod]
    public void WithoutALayerThatSeesTheImagesThereIsNoFirstRule()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = Wrap(nn.Sequential(new Written(x => x * 2, nn.Conv2d(2, 128, 8)), nn.Flatten()));
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2);
        var method = new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonPlusBox };
        string message = Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message;
        StringAssert.Contains(message, "sees the normalised images");
        Assert.IsGreaterThan(0, new LayerwiseRelevance().Attribute(network, images, classes).abs().max().ToDouble());
    }

    [TestMethod]
    public void RelevanceIsConserved()
    {
        RelevanceComposite[] composites =
        [
            NearlyZero,
            NearlyZero with { Convolution = new PositiveRule() },
            NearlyZero with { Convolution = new GammaRule() },
            NearlyZero with { FirstLayer = new BoxRule(), Convolution = new PositiveRule() },
            NearlyZero with { FirstLayer = new BoxRule(), Convolution = new GammaRule() },
        ];
        foreach (RelevanceComposite composite in composites)
        foreach (string kind in new[] { "chain", "residual", "wide" })
        foreach (ulong seed in new ulong[] { 1, 2, 3 })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = AttributionTable.Network(kind, Activation.Relu, seed: seed);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network, 2, seed);
            if (kind == "chain")
            {
                Conserves(new LayerwiseRelevance { Composite = composite, BiasTakesRelevance = false }, "biases take no relevance");
            }

            TinyNetworks.WithoutBiases(network);
            if (kind != "chain" && composite.Convolution is PositiveRule)
            {
                // Before a join there may be outputs without any positive contribution, whose relevance z⁺ loses; not so with these weights.
                using var mode = no_grad();
                foreach (Tensor weight in network.Backbone.parameters().Where(parameter => parameter.dim() == 4))
                {
                    weight.copy_(weight.abs());
                }
            }

            Conserves(new LayerwiseRelevance { Composite = composite }, "no biases");

            void Conserves(LayerwiseRelevance method, string why) => Values.AreClose(
                Values.Of(network.Logits(images).gather(1, classes.unsqueeze(1))),
                Values.Of(method.Attribute(network, images, classes).flatten(1).sum(1)),
                1e-6,
                $"{composite}, {kind}, {why}");
        }
    }

    [TestMethod]
    public void WithoutEpsilonItIsGradientTimesNormalizedInput()
    {
        foreach (Activation activation in new[] { Activation.Relu, TinyNetworks.Smooth })
        foreach (string kind in new[] { "chain", "residual", "wide" })
        {
            using var scope = NewDisposeScope();
            using ImageNetwork network = AttributionTable.Network(kind, activation);
            (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
            Tensor expected = new GradientTimesInput { Baseline = Baseline.Mean }.Attribute(network, images, classes);
            var method = new LayerwiseRelevance { Composite = NearlyZero };
            Values.AreClose(expected, method.Attribute(network, images, classes), 1e-8, $"{activation} {kind}");
        }
    }

    [TestMethod]
    public void ABatchNormalizationIsFoldedIntoItsConvolution()
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(4, CPU);
        var convolution = SeededLayers.Convolution(2, 3, 3, 1, 1, true, generator);
        var normalization = nn.BatchNorm2d(3);
        var folded = SeededLayers.Convolution(2, 3, 3, 1, 1, true, generator);
        var head = SeededLayers.Linear(192, 4, generator);
        using ImageNetwork pair = Network(convolution, normalization);
        TinyNetworks.Trained(pair, 9);
        using (no_grad())
        {
            Tensor variance = normalization.named_buffers().Single(buffer => buffer.name == "running_var").buffer;
            Tensor scale = normalization.weight! / (variance + 1e-5).sqrt();
            Tensor mean = normalization.named_buffers().Single(buffer => buffer.name == "running_mean").buffer;
            folded.weight!.copy_(convolution.weight! * scale.reshape(3, 1, 1, 1));
            folded.bias!.copy_(((convolution.bias! - mean) * scale) + normalization.bias!);
        }

        using ImageNetwork single = Network(folded);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(pair);
        Values.AreClose(single.Logits(images), pair.Logits(images), 1e-5);
        foreach (RelevanceComposite composite in AttributionTable.Composites)
        {
            var method = new LayerwiseRelevance { Composite = composite };
            Values.AreClose(method.Attribute(single, images, classes), method.Attribute(pair, images, classes), 1e-4, composite.ToString());
        }

        ImageNetwork Network(params nn.Module<Tensor, Tensor>[] first)
            => new(nn.Sequential([.. first, new ActivationLayer(), nn.Flatten(), head]), TinyNetworks.Input(), 4);
    }

    [TestMethod]
    public void TheNetworkIsInEvaluationModeForThePass()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Residual(activation: Activation.Relu);
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        Tensor expected = new LayerwiseRelevance().Attribute(network, images, classes);
        network.Backbone.train();
        NetworkState state = NetworkState.Of(network);

        Values.AreClose(expected, new LayerwiseRelevance().Attribute(network, images, classes), 0);
        Assert.IsTrue(network.Backbone.training);
    }

    [TestMethod]
    public void TheBoxRuleNeedsBounds()
    {
        using var scope = NewDisposeScope();
        using ImageNetwork network = TinyNetworks.Convolutional();
        (Tensor images, Tensor classes) = TinyNetworks.Batch(network);
        var method = new LayerwiseRelevance { Composite = new RelevanceComposite { Dense = new BoxRule() } };
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => method.Attribute(network, images, classes)).Message, "FirstLayer");
    }

    private static ChainReference.Rule RuleOf(RelevanceRule rule) => rule switch
    {
        EpsilonRule epsilon => RelevanceReferences.Epsilon(epsilon.Epsilon),
        GammaRule gamma => RelevanceReferences.Gamma(gamma.Gamma),
        AlphaBetaRule alphaBeta => RelevanceReferences.AlphaBeta(alphaBeta.Alpha),
        PositiveRule => RelevanceReferences.Positive,
        _ => RelevanceReferences.Box,
    };

    private static ImageNetwork Wrap(nn.Module<Tensor, Tensor> backbone)
    {
        var network = new ImageNetwork(backbone, TinyNetworks.Input(), 128);
        TinyNetworks.Trained(network, 3).MoveTo(CPU, ScalarType.Float64);
        return network;
    }

    /// <summary>A function, then a layer.</summary>
    private sealed class Written : nn.Module<Tensor, Tensor>
    {
        private readonly Func<Tensor, Tensor> before;
        private readonly nn.Module<Tensor, Tensor> layer;

        public Written(Func<Tensor, Tensor> before, nn.Module<Tensor, Tensor> layer)
            : base(nameof(Written))
        {
            (this.before, this.layer) = (before, layer);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => layer.call(before(input));
    }
}
