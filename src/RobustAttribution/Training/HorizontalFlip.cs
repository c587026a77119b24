using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Mirrors pictures left to right. Part of AGA's and ART's trainings.</summary>
public sealed record HorizontalFlip : IAugmentation
{
    /// <summary>Chance of each picture to be mirrored, from 0 to 1. 0.5 by default (AGA, ART).</summary>
    public double Probability { get; init => field = Require.InRange(value, 0, 1); } = 0.5;

    /// <inheritdoc/>
    public Tensor Apply(Tensor images, Generator generator)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor mirrored = rand([images.shape[0], 1, 1, 1], dtype: images.dtype, device: images.device, generator: generator).lt(Probability);
        return where(mirrored, images.flip(3), images).MoveToOuterDisposeScope();
    }
}
