using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The order in memory in which the library's networks compute: rows, columns, channels.</summary>
/// <remarks>
/// Convolutions, pooling and batch normalisation keep it from layer to layer. libtorch's max-pooling takes about a tenth of the time in it, its
/// convolutions about four fifths (benchmarks/results/steps.md). Shapes stay [N,C,H,W].
/// </remarks>
internal static class ChannelsLast
{
    /// <summary>The same values in this order: <paramref name="images"/> itself where they are in it.</summary>
    /// <param name="images">[N,C,H,W].</param>
    public static Tensor Of(Tensor images)
    {
        long[] shape = images.shape, stride = images.stride();
        if (stride[1] == 1 && stride[3] == shape[1] && stride[2] == shape[1] * shape[3])
        {
            return images;
        }

        using Tensor moved = images.permute(0, 2, 3, 1);
        using Tensor dense = moved.contiguous();
        return dense.permute(0, 3, 1, 2);
    }
}
