using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Tests.Fixtures;
using RobustAttribution.Tests.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Tests.Laws;

/// <summary>Every attribution, with options for small images, and the kinds of network they are tried on.</summary>
internal static class AttributionTable
{
    public static IReadOnlyList<Baseline> Baselines { get; } = [Baseline.Black, Baseline.White, Baseline.Mean, Baseline.Blurred(0.8)];

    public static IReadOnlyList<PathQuadrature> Quadratures { get; } =
        [new TrapezoidQuadrature(), new LeftQuadrature(), new RightQuadrature(), new MidpointQuadrature(), new GaussLegendreQuadrature()];

    public static IReadOnlyList<RelevanceRule> Rules { get; } =
        [new EpsilonRule { Epsilon = 1e-4 }, new GammaRule { Gamma = 0.4 }, new PositiveRule(), new AlphaBetaRule { Alpha = 3 }, new BoxRule()];

    public static IReadOnlyList<RelevanceComposite> Composites { get; } =
    [
        RelevanceComposite.Epsilon,
        RelevanceComposite.EpsilonPlus,
        RelevanceComposite.EpsilonGammaBox,
        RelevanceComposite.EpsilonPlusBox,
        RelevanceComposite.EpsilonAlpha2Beta1,
    ];

    public static IReadOnlyList<IAttributionMethod> Rows { get; } =
    [
        new InputGradient(),
        new GradientTimesInput(),
        new GradientTimesInput { Baseline = Baseline.Mean },
        new IntegratedGradients { Steps = 5 },
        new IntegratedGradients { Steps = 3, Baseline = Baseline.Blurred(0.8), Quadrature = new GaussLegendreQuadrature(), MemoryBudget = 1 },
        new SmoothGrad { Samples = 4 },
        new SquaredSmoothGrad { Samples = 3, Inner = new IntegratedGradients { Steps = 3 }, Seed = 5 },
        new VarianceGrad { Samples = 3, Inner = new GradientTimesInput(), MemoryBudget = 1 },
        new GuidedBackpropagation(),
        new Deconvolution(),
        .. Composites.Select(composite => new LayerwiseRelevance { Composite = composite }),
        new LayerwiseRelevance { Composite = RelevanceComposite.EpsilonGammaBox, BiasTakesRelevance = false },
        new GradCam(),
        new ClassActivationMap(),
    ];

    /// <summary>Attributions that know nothing of the network, which the laws of the others do not hold for.</summary>
    public static IReadOnlyList<IAttributionMethod> Controls { get; } = [new ConstantMap(), new EdgeMap(), new RandomMap { Seed = 3 }];

    /// <summary>A network of each kind in evaluation mode. The chain has no global average, so it has no class activation map.</summary>
    public static ImageNetwork Network(string kind, Activation activation, ScalarType type = ScalarType.Float64, ulong seed = 3)
    {
        ImageNetwork network = kind switch
        {
            "residual" => TinyNetworks.Residual(seed, activation, type: type),
            "wide" => TinyNetworks.Wide(seed, activation, type: type),
            "sequential" => Sequential(seed, activation, type),
            "torchvision" => TorchVision(seed, activation, type),
            _ => TinyNetworks.Convolutional(seed, activation, type: type),
        };
        network.Backbone.eval();
        return network;
    }

    /// <summary>Plain modules of torch.nn, ReLUs in place, with a batch normalisation behind a convolution and one alone.</summary>
    private static ImageNetwork Sequential(ulong seed, Activation activation, ScalarType type)
    {
        using var generator = new Generator(seed, CPU);
        nn.Module<Tensor, Tensor> backbone = nn.Sequential(
            ("conv1", SeededLayers.Convolution(2, 3, 3, 1, 1, false, generator)),
            ("bn1", nn.BatchNorm2d(3)),
            ("relu1", nn.ReLU(inplace: true)),
            ("pool", nn.MaxPool2d(2)),
            ("bn2", nn.BatchNorm2d(3)),
            ("conv2", SeededLayers.Convolution(3, 4, 3, 1, 1, true, generator)),
            ("relu2", nn.ReLU(inplace: true)),
            ("avgpool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("fc", SeededLayers.Linear(4, 4, generator)));
        var network = new ImageNetwork(backbone, TinyNetworks.Input(), 4) { FeatureLayer = "relu2", PooledHead = "fc" };
        TinyNetworks.Trained(network, seed).MoveTo(TestDevice.Current, type);
        network.SetActivation(activation);
        return network;
    }

    /// <summary>TorchVision's ResNet-18, narrow, behind a convolution that makes three channels of two.</summary>
    private static ImageNetwork TorchVision(ulong seed, Activation activation, ScalarType type)
    {
        using var generator = new Generator(seed, CPU);
        random.manual_seed((long)seed); // what TorchVision's weights are drawn from
        nn.Module<Tensor, Tensor> backbone = nn.Sequential(
            ("channels", SeededLayers.Convolution(2, 3, 1, 1, 0, true, generator)), ("resnet", NarrowNetworks.Narrow(torchvision.models.resnet18(num_classes: 4))));
        var network = new ImageNetwork(backbone, TinyNetworks.Input(), 4) { FeatureLayer = "resnet.layer4", PooledHead = "resnet.fc" };
        TinyNetworks.Trained(network, seed).MoveTo(TestDevice.Current, type);
        network.SetActivation(activation);
        return network;
    }

    public static IEnumerable<object[]> Cases(params string[] kinds)
        => from row in Enumerable.Range(0, Rows.Count)
           from kind in kinds
           where kind != "chain" || Rows[row] is not ClassActivationMap
           select new object[] { row, kind };
}
