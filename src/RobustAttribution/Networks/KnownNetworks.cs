namespace RobustAttribution.Networks;

/// <summary>The network architectures of the library, ready to be handed to a trainer or to <see cref="ImageNetwork.Create"/>.</summary>
public static class KnownNetworks
{
    /// <summary>Convolutions 16-16-32-32, hidden layer 128: trains on Fashion-MNIST in a minute or two without a GPU.</summary>
    public static NetworkArchitecture SmallConvNet { get; } = new SmallConvNetArchitecture();

    /// <summary>The LeNet of Joo et al. 2023: convolutions 32-32-64-64, hidden layer 256.</summary>
    public static NetworkArchitecture LeNet { get; } = new LeNetArchitecture();

    /// <summary>ResNet-18 with a 3×3 stem for pictures of 32×32, as Joo et al. 2023 train on CIFAR-10.</summary>
    public static NetworkArchitecture ResNet18ForSmallPictures { get; } = new ResNetArchitecture { Stem = ResNetStem.SmallPictures };

    /// <summary>torchvision's ResNet-18, for pictures of 224×224.</summary>
    public static NetworkArchitecture ResNet18 { get; } = new ResNetArchitecture();

    /// <summary>torchvision's ResNet-50, for pictures of 224×224.</summary>
    public static NetworkArchitecture ResNet50 { get; } = new ResNetArchitecture { Depth = 50 };

    /// <summary>ResNet-50 with stride 1 in the last stage: 14×14 maps at pictures of 224×224, as Singh et al. 2020 use for localisation.</summary>
    public static NetworkArchitecture ResNet50ForLocalization { get; } = new ResNetArchitecture { Depth = 50, LastStageStride = 1 };

    /// <summary>WideResNet-28-10 for pictures of 32×32, as Singh et al. 2020 train on CIFAR-10.</summary>
    public static NetworkArchitecture WideResNet28x10 { get; } = new WideResNetArchitecture();

    /// <summary>WideResNet-40-2 for pictures of 32×32.</summary>
    public static NetworkArchitecture WideResNet40x2 { get; } = new WideResNetArchitecture { Depth = 40, WidthFactor = 2 };
}
