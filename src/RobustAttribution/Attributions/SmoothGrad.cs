using static TorchSharp.torch;

namespace RobustAttribution.Attributions;

/// <summary>The mean of an attribution over noisy copies of the image (Smilkov et al. 2017).</summary>
public sealed record SmoothGrad : NoisyAttribution
{
    private protected override Tensor Summary(Tensor mean, Tensor variance) => mean;
}
