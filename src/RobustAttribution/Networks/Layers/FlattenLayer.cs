using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>All values of a picture in one row: [N,C,H,W] to [N,C·H·W].</summary>
public sealed class FlattenLayer : nn.Module<Tensor, Tensor>
{
    /// <summary>Makes the layer. It has no parameters.</summary>
    public FlattenLayer()
        : base(nameof(FlattenLayer)) => RegisterComponents();

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.flatten(1);
}
