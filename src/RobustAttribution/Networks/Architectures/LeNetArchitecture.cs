using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The LeNet of Joo et al. 2023 (CIFAR-10): convolutions 32-32-64-64 in two stages, hidden layer of 256 units.</summary>
/// <remarks>
/// Kernel 3×3 with padding 1, a 2×2 maximum pool behind each pair of convolutions. Parameter names: conv1 … conv4, fc1, fc2, each with .weight and .bias.
/// </remarks>
public sealed record LeNetArchitecture : NetworkArchitecture
{
    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
    {
        RequireSize(input, ConvolutionChain.MinimumSize);
        return ConvolutionChain.Build(input, classCount, 32, 64, 256, generator);
    }
}
