namespace RobustAttribution.Networks;

/// <summary>The network architectures of the library, ready to be handed to a trainer or to <see cref="ImageNetwork.Create"/>.</summary>
public static class KnownNetworks
{
    /// <summary>Convolutions 16-16-32-32, hidden layer 128: trains on Fashion-MNIST in a minute or two without a GPU.</summary>
    public static NetworkArchitecture SmallConvNet { get; } = new SmallConvNetArchitecture();

    /// <summary>The LeNet of Joo et al. 2023: convolutions 32-32-64-64, hidden layer 256.</summary>
    public static NetworkArchitecture LeNet { get; } = new LeNetArchitecture();
}
