using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary><see cref="InputSpecification.LowerBound"/> everywhere.</summary>
public sealed record BlackBaseline : Baseline
{
    /// <inheritdoc/>
    public override Tensor For(Tensor images, InputSpecification input) => full_like(images, input.LowerBound);
}
