using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>Mirrors images left to right. Part of AGA's and ART's trainings.</summary>
public sealed record HorizontalFlip : RandomAugmentation
{
    /// <summary>Chance of each image to be mirrored, from 0 to 1. 0.5 by default (AGA, ART).</summary>
    public double Probability { get; init => field = Require.InRange(value, 0, 1); } = 0.5;

    internal override int DrawCount => 1;

    internal override Tensor Transform(Tensor images, Tensor draws)
        => where(Uniform(draws, 0, 0, 1).lt(Probability), images.flip(3), images); // [N,1,1,1] for [N,C,H,W]
}
