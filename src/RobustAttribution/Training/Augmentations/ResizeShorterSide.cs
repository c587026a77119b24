using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>
/// Brings the shorter side of the pictures to one length and keeps their proportions, with bilinear interpolation (as torchvision's Resize, without its antialiasing). Nothing is random.
/// Part of the evaluation on ImageNet-100 of Joo et al. 2023.
/// </summary>
/// <param name="Length">The shorter side of the result in pixels, at least 1. 256 before a centre crop of 224 (Joo et al. 2023).</param>
/// <remarks>Without antialiasing: for much larger pictures let the decoder bring them near to the length first.</remarks>
public sealed record ResizeShorterSide(int Length) : RandomAugmentation
{
    /// <summary>The shorter side of the result in pixels, at least 1.</summary>
    public int Length { get; init => field = Require.InRange(value, 1); } = Require.InRange(Length, 1, name: nameof(Length));

    internal override int DrawCount => 0;

    internal override Tensor Transform(Tensor images, Tensor draws)
    {
        (long height, long width) = (images.shape[2], images.shape[3]);
        (long outputHeight, long outputWidth) = SizeFor(height, width);
        Tensor start = zeros(1, 1, dtype: images.dtype, device: images.device);
        return BilinearSampling.Part(images, start, start, start + height, start + width, outputHeight, outputWidth);
    }

    internal override Tensor MoveBoxes(Tensor boxes, Tensor draws, long height, long width)
    {
        (long outputHeight, long outputWidth) = SizeFor(height, width);
        (double across, double down) = ((double)outputWidth / width, (double)outputHeight / height);
        return boxes * tensor(new[] { across, down, across, down }, dtype: boxes.dtype, device: boxes.device);
    }

    /// <summary>The longer side is cut to whole pixels, as torchvision does.</summary>
    private (long Height, long Width) SizeFor(long height, long width)
        => height <= width ? (Length, Length * width / height) : (Length * height / width, Length);
}
