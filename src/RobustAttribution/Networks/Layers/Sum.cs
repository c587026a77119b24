using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The sum of two branches of equal shape, a residual join, as a module, so that hooks see it.</summary>
public sealed class Sum : nn.Module<Tensor, Tensor, Tensor>
{
    /// <summary>Creates the join. It has no parameters.</summary>
    public Sum()
        : base(nameof(Sum)) => RegisterComponents();

    /// <inheritdoc/>
    public override Tensor forward(Tensor left, Tensor right) => left + right;
}
