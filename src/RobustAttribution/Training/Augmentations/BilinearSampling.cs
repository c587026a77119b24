using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Values between pixels.</summary>
internal static class BilinearSampling
{
    /// <summary>0, 1, … along one dimension of the pictures, in their type.</summary>
    public static Tensor Places(Tensor images, int dimension) => arange(images.shape[dimension], dtype: ScalarType.Int64, device: images.device).to(images.dtype);

    /// <summary>The pictures at places given in pixels, where pixel (i, j) is at (i, j); black outside.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="rows">[N,h,w].</param>
    /// <param name="columns">[N,h,w].</param>
    /// <returns>[N,C,h,w].</returns>
    public static Tensor At(Tensor images, Tensor rows, Tensor columns)
    {
        Tensor x = (((columns * 2) + 1) / images.shape[3]) - 1; // grid_sample's scale: the picture's borders are −1 and 1
        Tensor y = (((rows * 2) + 1) / images.shape[2]) - 1;
        return nn.functional.grid_sample(images, stack([x, y], 3), GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, false);
    }
}
