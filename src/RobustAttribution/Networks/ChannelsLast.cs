using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The order in memory in which the library's networks compute: rows, columns, channels.</summary>
/// <remarks>
/// Convolutions, pooling and batch normalisation keep it from layer to layer. libtorch's max-pooling takes about a tenth of the time in it, its
/// convolutions about four fifths (benchmarks/results/steps.md). Shapes stay [N,C,H,W].
/// </remarks>
internal static class ChannelsLast
{
    /// <summary>Whether a module computes in this order: all but 1×1 convolutions with strides, as in the shortcuts of residual networks.</summary>
    /// <remarks>libtorch 2.10 writes past the end of its memory in their backward pass (docs/decisions/second-derivatives.md).</remarks>
    public static bool IsSafe(nn.Module module) => module is not Conv2d { kernel_size: [1, 1], stride: not [1, 1] };

    /// <summary>The same values in this order: <paramref name="images"/> itself where they are in it.</summary>
    /// <param name="images">[N,C,H,W].</param>
    public static Tensor Of(Tensor images)
    {
        long[] shape = images.shape, stride = images.stride();
        if (stride[1] == 1 && stride[3] == shape[1] && stride[2] == shape[1] * shape[3])
        {
            return images;
        }

        using Tensor moved = shape[1] == 1 ? images.squeeze(1) : images.permute(0, 2, 3, 1);
        using Tensor dense = moved.contiguous();
        using Tensor? single = shape[1] == 1 ? dense.unsqueeze(3) : null; // one channel: only the strides say the order
        return (single ?? dense).permute(0, 3, 1, 2);
    }
}
