using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary><see cref="InputSpecification.Mean"/> everywhere: zero behind the normalisation.</summary>
public sealed record MeanBaseline : Baseline
{
    /// <inheritdoc/>
    public override Tensor For(Tensor images, InputSpecification input)
    {
        using IDisposable scope = NewDisposeScope();
        return tensor(input.Mean.ToArray(), images.dtype, images.device).reshape(1, input.Mean.Count, 1, 1).expand(images.shape).MoveToOuterDisposeScope();
    }
}
