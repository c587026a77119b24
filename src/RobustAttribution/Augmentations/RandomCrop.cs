using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>
/// Shifts images: a black margin is added on all sides, and a part of the original size is cut out at a random place. Part of AGA's and ART's
/// trainings.
/// </summary>
public sealed record RandomCrop : RandomAugmentation
{
    /// <summary>Width of the margin in pixels, at least 0: the largest shift. 4 by default (AGA and ART, for 32×32 images).</summary>
    public int Padding { get; init => field = Require.InRange(value, 0, Limits.ImageSide); } = 4;

    internal override int DrawCount => 2;

    internal override Tensor Transform(Tensor images, Tensor draws)
    {
        (long count, long channels, long height, long width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        Tensor padded = nn.functional.pad(images, [Padding, Padding, Padding, Padding]);
        // [N,2]: rows and columns left out at the top and left
        Tensor offsets = (draws * ((2 * Padding) + 1)).floor().clamp(0, 2 * Padding).to(ScalarType.Int64);
        Tensor rows = offsets.narrow(1, 0, 1) + arange(height, dtype: ScalarType.Int64, device: images.device); // [N,H]
        Tensor columns = offsets.narrow(1, 1, 1) + arange(width, dtype: ScalarType.Int64, device: images.device); // [N,W]
        return padded
            .gather(2, rows.reshape(count, 1, height, 1).expand(count, channels, height, width + (2 * Padding)))
            .gather(3, columns.reshape(count, 1, 1, width).expand(count, channels, height, width));
    }
}
