using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// A small convolutional network for small images: convolutions w₁-w₁-pool-w₂-w₂-pool (3×3, padding 1; 2×2 pools), one hidden layer.
/// The defaults are the 16-16-32-32 network with a hidden layer of 128 that the Fashion-MNIST demo trains.
/// </summary>
/// <remarks>Parameter names: conv1 … conv4, fc1, fc2, each with .weight and .bias. Other modules: relu1 … relu5, pool1, pool2, flatten.</remarks>
public sealed record SmallConvNetArchitecture : NetworkArchitecture
{
    /// <summary>The smallest image that leaves a pixel behind two pools.</summary>
    internal const int MinimumSize = 4;

    /// <summary>w₁: channels of the first two convolutions, 1 to 65,536. 16 by default.</summary>
    public int FirstStageChannels { get; init => field = Require.InRange(value, 1, Limits.LayerWidth); } = 16;

    /// <summary>w₂: channels of the third and fourth convolution, 1 to 65,536. 32 by default.</summary>
    public int SecondStageChannels { get; init => field = Require.InRange(value, 1, Limits.LayerWidth); } = 32;

    /// <summary>Units of the hidden layer, 1 to 65,536. 128 by default.</summary>
    public int HiddenUnits { get; init => field = Require.InRange(value, 1, Limits.LayerWidth); } = 128;

    /// <summary>What the two pools take of each 2×2 window. <see cref="Pooling.Max"/> by default.</summary>
    public Pooling Pooling { get; init => field = Require.Defined(value); }

    /// <inheritdoc/>
    public override string FeatureLayer => "relu4";

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Build(InputSpecification input, int classCount, Generator generator)
        => BuildLayers(input, classCount, generator);

    private protected override nn.Module<Tensor, Tensor> BuildLayers(InputSpecification input, int classCount, Generator? generator)
    {
        RequireSize(input, MinimumSize);
        return Chain(input, classCount, FirstStageChannels, SecondStageChannels, HiddenUnits, Pooling, generator);
    }

    internal static Sequential Chain(
        InputSpecification input, int classCount, int firstStage, int secondStage, int hidden, Pooling pooling, Generator? generator)
        => nn.Sequential(
            ("conv1", InitializedLayers.Convolution(input.Channels, firstStage, generator)), // [N,w1,H,W]
            ("relu1", new ActivationLayer()),
            ("conv2", InitializedLayers.Convolution(firstStage, firstStage, generator)),
            ("relu2", new ActivationLayer()),
            ("pool1", Pool(pooling)), // [N,w1,H/2,W/2]
            ("conv3", InitializedLayers.Convolution(firstStage, secondStage, generator)),
            ("relu3", new ActivationLayer()),
            ("conv4", InitializedLayers.Convolution(secondStage, secondStage, generator)),
            ("relu4", new ActivationLayer()),
            ("pool2", Pool(pooling)), // [N,w2,H/4,W/4]
            ("flatten", nn.Flatten()),
            ("fc1", InitializedLayers.Linear((long)secondStage * (input.Height / 4) * (input.Width / 4), hidden, generator)),
            ("relu5", new ActivationLayer()),
            ("fc2", InitializedLayers.Linear(hidden, classCount, generator))); // [N,K]

    private static nn.Module<Tensor, Tensor> Pool(Pooling pooling) => pooling == Pooling.Max ? nn.MaxPool2d(2) : nn.AvgPool2d(2);
}
