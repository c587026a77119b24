using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>
/// Changes brightness, then contrast, then saturation, each by a factor drawn uniformly from [1 − s, 1 + s]. Part of ART's trainings.
/// </summary>
/// <remarks>
/// Brightness scales the image, contrast moves it from or to the mean of its grey values, saturation from or to its grey values; after each the
/// values are clamped to [0, 1].
/// Grey is 0.299·R + 0.587·G + 0.114·B for three channels, the mean of the channels otherwise. torchvision draws the order of the three at random;
/// here it is fixed.
/// </remarks>
public sealed record ColorJitter : RandomAugmentation
{
    private static readonly double[] Luma = [0.299, 0.587, 0.114]; // ITU-R BT.601

    /// <summary>s of the brightness, from 0 (none) to 1. 0.25 by default (ART).</summary>
    public double Brightness { get; init => field = Require.InRange(value, 0, 1); } = 0.25;

    /// <summary>s of the contrast, from 0 (none) to 1. 0.25 by default (ART).</summary>
    public double Contrast { get; init => field = Require.InRange(value, 0, 1); } = 0.25;

    /// <summary>s of the saturation, from 0 (none) to 1. 0.25 by default (ART). Nothing happens to images of one channel.</summary>
    public double Saturation { get; init => field = Require.InRange(value, 0, 1); } = 0.25;

    internal override int DrawCount => 3;

    internal override Tensor Transform(Tensor images, Tensor draws)
    {
        Tensor bright = (images * Factor(0, Brightness)).clamp(0, 1);
        Tensor contrasted = Blend(bright, Grey(bright).mean([1, 2, 3], true), Factor(1, Contrast));
        return Blend(contrasted, Grey(contrasted), Factor(2, Saturation));

        Tensor Factor(int index, double strength) => Uniform(draws, index, 1 - strength, 1 + strength);
    }

    private static Tensor Blend(Tensor images, Tensor other, Tensor factor) => (other + ((images - other) * factor)).clamp(0, 1);

    private static Tensor Grey(Tensor images)
        => images.shape[1] == 3
            ? (images * Upload.To(images.device, tensor(Luma, dtype: images.dtype, device: CPU)).reshape(1, 3, 1, 1)).sum(1, true)
            : images.mean([1], true);
}
