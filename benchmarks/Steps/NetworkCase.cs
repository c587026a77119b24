using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks.Steps;

/// <summary>A network of the comparison, twice: the library's and one of plain modules.</summary>
/// <param name="Name">As <c>--networks</c> names it.</param>
internal sealed record NetworkCase(string Name, NetworkArchitecture Architecture, Func<ActivationSwitch, nn.Module<Tensor, Tensor>> Plain)
{
    public static IReadOnlyList<NetworkCase> All { get; } =
    [
        new("small", NetworkArchitecture.SmallConvNet, activation => PlainNetworks.Chain(16, 32, 128, activation)),
        new("lenet", NetworkArchitecture.LeNet, activation => PlainNetworks.Chain(32, 64, 256, activation)),
        new("resnet18", NetworkArchitecture.ResNet18ForSmallImages, PlainNetworks.ResNet18),
    ];
}
