using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The ordinary forward pass.</summary>
internal sealed class PlainRunner : ILayerRunner
{
    public static PlainRunner Instance { get; } = new();

    public Tensor Apply(nn.Module<Tensor, Tensor> layer, Tensor input) => layer.call(input);

    public Tensor Apply(ConvolutionLayer convolution, BatchNormalizationLayer normalization, Tensor input)
        => normalization.call(convolution.call(input));

    public Tensor Add(Tensor left, Tensor right) => left + right;
}
