using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The mean of each channel: [N,C,H,W] to [N,C]. PyTorch's <c>AdaptiveAvgPool2d(1)</c> and <c>flatten</c>.</summary>
public sealed class GlobalAveragePoolLayer : nn.Module<Tensor, Tensor>
{
    /// <summary>Makes the layer. It has no parameters.</summary>
    public GlobalAveragePoolLayer()
        : base(nameof(GlobalAveragePoolLayer)) => RegisterComponents();

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.mean([2, 3]);
}
