using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>Two stages of two 3×3 convolutions and a 2×2 maximum pool, one hidden layer, one output layer.</summary>
/// <remarks>Modules: conv1, conv2, conv3, conv4, fc1, fc2 with weight and bias each; relu1 … relu5, pool1, pool2, flatten.</remarks>
internal static class ConvolutionChain
{
    /// <summary>The smallest picture that leaves a pixel behind two poolings.</summary>
    public const int MinimumSize = 4;

    public static LayerSequence Build(InputSpecification input, int classCount, int firstStage, int secondStage, int hidden, Generator generator)
        => new(
            "relu4",
            ("conv1", new ConvolutionLayer(input.Channels, firstStage, 3, 1, 1, true, generator)), // [N,w1,H,W]
            ("relu1", new ActivationLayer()),
            ("conv2", new ConvolutionLayer(firstStage, firstStage, 3, 1, 1, true, generator)),
            ("relu2", new ActivationLayer()),
            ("pool1", new MaxPoolLayer(2)), // [N,w1,H/2,W/2]
            ("conv3", new ConvolutionLayer(firstStage, secondStage, 3, 1, 1, true, generator)),
            ("relu3", new ActivationLayer()),
            ("conv4", new ConvolutionLayer(secondStage, secondStage, 3, 1, 1, true, generator)),
            ("relu4", new ActivationLayer()),
            ("pool2", new MaxPoolLayer(2)), // [N,w2,H/4,W/4]
            ("flatten", new FlattenLayer()),
            ("fc1", new LinearLayer(secondStage * (input.Height / 4) * (input.Width / 4), hidden, true, generator)),
            ("relu5", new ActivationLayer()),
            ("fc2", new LinearLayer(hidden, classCount, true, generator))); // [N,K]
}
