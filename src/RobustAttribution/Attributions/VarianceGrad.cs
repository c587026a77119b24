using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>
/// The variance of an attribution over noisy copies of the image (VarGrad, Adebayo et al. 2018), divided by the number of samples. Never negative.
/// </summary>
public sealed record VarianceGrad : NoisyAttribution
{
    private protected override Tensor Summary(Tensor mean, Tensor variance) => variance;
}
