using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The mean of the squares of an attribution over noisy copies of the image (SmoothGrad², Hooker et al. 2019). Never negative.</summary>
public sealed record SquaredSmoothGrad : NoisyAttribution
{
    private protected override Tensor Summary(Tensor mean, Tensor variance) => mean.square() + variance;
}
