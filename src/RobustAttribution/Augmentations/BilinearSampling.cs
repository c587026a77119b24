using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Augmentations;

/// <summary>Values between pixels.</summary>
internal static class BilinearSampling
{
    /// <summary>0, 1, … along one dimension of the images, in their type.</summary>
    public static Tensor Places(Tensor images, int dimension)
        => arange(images.shape[dimension], dtype: ScalarType.Int64, device: images.device).to(images.dtype);

    /// <summary>The images at places given in pixels, where pixel (i, j) is at (i, j); black outside.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="rows">[N,h,w].</param>
    /// <param name="columns">[N,h,w].</param>
    /// <returns>[N,C,h,w].</returns>
    public static Tensor At(Tensor images, Tensor rows, Tensor columns)
    {
        Tensor x = (((columns * 2) + 1) / images.shape[3]) - 1; // grid_sample's scale: the image's borders are −1 and 1
        Tensor y = (((rows * 2) + 1) / images.shape[2]) - 1;
        return nn.functional.grid_sample(images, stack([x, y], 3), GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, false);
    }

    /// <summary>A part of each image, resized to one size; values outside the part are not used.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="top">[N,1] or [1,1]: the part's first row.</param>
    /// <param name="left">Its first column.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="outputHeight">Rows of the result.</param>
    /// <param name="outputWidth">Columns of the result.</param>
    /// <returns>[N,C,outputHeight,outputWidth].</returns>
    public static Tensor Part(Tensor images, Tensor top, Tensor left, Tensor height, Tensor width, long outputHeight, long outputWidth)
    {
        long[] shape = [images.shape[0], outputHeight, outputWidth];
        return At(images, Spread(top, height, outputHeight).unsqueeze(2).expand(shape), Spread(left, width, outputWidth).unsqueeze(1).expand(shape));
    }

    /// <summary>[N,output]: the places of the result's pixels in the image, spread over the part and never outside of it.</summary>
    private static Tensor Spread(Tensor start, Tensor length, long output)
    {
        Tensor places = arange(output, dtype: ScalarType.Int64, device: start.device).to(start.dtype).reshape(1, -1);
        Tensor inside = ((places + 0.5) * (length / output)) - 0.5;
        return start + minimum(maximum(inside, zeros_like(length)), length - 1);
    }
}
