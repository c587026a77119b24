using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// A small convolution net for small pictures: convolutions w₁-w₁-pool-w₂-w₂-pool (3×3, padding 1; 2×2 maximum pools), one hidden layer.
/// With its defaults the 16-16-32-32 net with a 128 hidden layer that the Fashion-MNIST demo trains.
/// </summary>
/// <remarks>Parameter names: conv1 … conv4, fc1, fc2, each with .weight and .bias.</remarks>
public sealed record SmallConvNetArchitecture : NetworkArchitecture
{
    /// <summary>w₁: channels of the first two convolutions, at least 1. 16 by default.</summary>
    public int FirstStageChannels { get; init => field = Require.InRange(value, 1); } = 16;

    /// <summary>w₂: channels of the third and fourth convolution, at least 1. 32 by default.</summary>
    public int SecondStageChannels { get; init => field = Require.InRange(value, 1); } = 32;

    /// <summary>Units of the hidden layer, at least 1. 128 by default.</summary>
    public int HiddenUnits { get; init => field = Require.InRange(value, 1); } = 128;

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
    {
        RequireSize(input, ConvolutionChain.MinimumSize);
        return ConvolutionChain.Build(input, classCount, FirstStageChannels, SecondStageChannels, HiddenUnits, generator);
    }
}
