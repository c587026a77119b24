using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary><see cref="InputSpecification.UpperBound"/> everywhere.</summary>
public sealed record WhiteBaseline : Baseline
{
    /// <inheritdoc/>
    public override Tensor For(Tensor images, InputSpecification input) => full_like(images, input.UpperBound);
}
