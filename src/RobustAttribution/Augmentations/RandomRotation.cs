using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>
/// Rotates images around their centre by an angle drawn uniformly from [−d, d], with bilinear interpolation; pixels from outside are black. Part
/// of ART's trainings.
/// </summary>
public sealed record RandomRotation : RandomAugmentation
{
    /// <summary>d in degrees, from 0 to 180; positive angles turn counter-clockwise. 2 by default (ART).</summary>
    public double Degrees { get; init => field = Require.InRange(value, 0, 180); } = 2;

    internal override int DrawCount => 1;

    internal override Tensor Transform(Tensor images, Tensor draws)
    {
        Tensor angle = Uniform(draws, 0, -Degrees, Degrees).reshape(-1, 1, 1) * (Math.PI / 180);
        Tensor row = BilinearSampling.Places(images, 2).reshape(1, -1, 1) - ((images.shape[2] - 1) / 2.0); // from the centre, downwards
        Tensor column = BilinearSampling.Places(images, 3).reshape(1, 1, -1) - ((images.shape[3] - 1) / 2.0);
        Tensor sourceColumn = (column * angle.cos()) - (row * angle.sin()) + ((images.shape[3] - 1) / 2.0); // [N,H,W]
        Tensor sourceRow = (column * angle.sin()) + (row * angle.cos()) + ((images.shape[2] - 1) / 2.0);
        return BilinearSampling.At(images, sourceRow, sourceColumn);
    }
}
