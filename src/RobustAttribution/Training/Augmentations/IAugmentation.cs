using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Changes training pictures at random, a whole batch at once. Immutable records whose properties are their options.</summary>
public interface IAugmentation
{
    /// <summary>A changed copy of each picture; every picture gets its own random parameters.</summary>
    /// <param name="images">[N,C,H,W] float in [0, 1]; not changed.</param>
    /// <param name="generator">Source of every random draw, on the pictures' device. The number of draws depends on the shape alone.</param>
    /// <returns>[N,C,H,W] (height and width may differ where the augmentation says so), in [0, 1]; owned by the caller.</returns>
    Tensor Apply(Tensor images, Generator generator);
}
