using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>An augmentation that takes boxes along, so that they stay around the same things.</summary>
public interface IBoxAugmentation : IAugmentation
{
    /// <summary>A changed copy of each picture and of its box, with the same random parameters.</summary>
    /// <param name="images">[N,C,H,W] float in [0, 1]; not changed.</param>
    /// <param name="boxes">[N,4]: left, top, right, bottom in pixels, edges between pixels (see <see cref="Localization.BoundingBox"/>), in the type of <paramref name="images"/>; NaN where there is none. Not changed.</param>
    /// <param name="generator">Source of every random draw, on the pictures' device; the pictures come out as from <see cref="IAugmentation.Apply"/>.</param>
    /// <returns>
    /// The pictures, and [N,4] boxes in their pixels, cut off at their edges; NaN where nothing of a box is left. Where a picture is turned, the smallest upright box around the turned one. Owned by
    /// the caller.
    /// </returns>
    (Tensor Images, Tensor Boxes) ApplyWithBoxes(Tensor images, Tensor boxes, Generator generator);
}
