using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Keeps the middle of the pictures (as torchvision's CenterCrop). Nothing is random. Part of the evaluation on ImageNet-100 of Joo et al. 2023, with 224×224.</summary>
/// <param name="Height">Height of the result in pixels, at least 1.</param>
/// <param name="Width">Width of the result in pixels, at least 1.</param>
/// <remarks>Where the margins cannot be equal, the upper and the left one are the nearer to half of what is left out, rounded to even, as in torchvision.</remarks>
public sealed record CenterCrop(int Height, int Width) : RandomAugmentation
{
    /// <summary>Height of the result in pixels, at least 1.</summary>
    public int Height { get; init => field = Require.InRange(value, 1); } = Require.InRange(Height, 1, name: nameof(Height));

    /// <summary>Width of the result in pixels, at least 1.</summary>
    public int Width { get; init => field = Require.InRange(value, 1); } = Require.InRange(Width, 1, name: nameof(Width));

    internal override int DrawCount => 0;

    internal override Tensor Transform(Tensor images, Tensor draws)
    {
        (long top, long left) = Margins(images.shape[2], images.shape[3]);
        return images.narrow(2, top, Height).narrow(3, left, Width).clone();
    }

    internal override Tensor MoveBoxes(Tensor boxes, Tensor draws, long height, long width)
    {
        (long top, long left) = Margins(height, width);
        return boxes - tensor(new double[] { left, top, left, top }, dtype: boxes.dtype, device: boxes.device);
    }

    private (long Top, long Left) Margins(long height, long width)
        => height >= Height && width >= Width
            ? ((long)Math.Round((height - Height) / 2.0), (long)Math.Round((width - Width) / 2.0))
            : throw new ArgumentException($"The pictures are {height}×{width} (height × width); {nameof(CenterCrop)} needs at least {Height}×{Width}.");
}
