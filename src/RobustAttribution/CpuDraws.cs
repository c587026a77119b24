using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>
/// Random numbers, drawn on the CPU and moved: TorchSharp's generators are the CPU's, whatever device they are made with, and libtorch draws from
/// them on no other.
/// </summary>
/// <remarks>So a seed draws the same numbers on every device.</remarks>
internal static class CpuDraws
{
    /// <summary>Uniform in [0, 1).</summary>
    /// <param name="shape">Their shape.</param>
    /// <param name="like">Their type and device.</param>
    /// <param name="generator">What they are drawn from.</param>
    public static Tensor Uniform(ReadOnlySpan<long> shape, Tensor like, Generator generator)
        => Moved(rand(shape, like.dtype, CPU, false, generator), like);

    /// <summary>Normal, of mean 0 and variance 1, in the shape of <paramref name="like"/>.</summary>
    /// <param name="like">Their shape, type and device.</param>
    /// <param name="generator">What they are drawn from.</param>
    public static Tensor Normal(Tensor like, Generator generator)
        => Moved(randn(like.shape, like.dtype, CPU, false, generator), like);

    /// <summary>64 bits, of which 53 are drawn: the seed of another generator.</summary>
    /// <param name="generator">What they are drawn from.</param>
    public static ulong Seed(Generator generator)
    {
        using Tensor drawn = rand(1, ScalarType.Float64, CPU, false, generator);
        return BitConverter.DoubleToUInt64Bits(drawn.data<double>()[0]) * 0x9E3779B97F4A7C15; // spread over all bits
    }

    private static Tensor Moved(Tensor drawn, Tensor like)
    {
        if (like.device_type == DeviceType.CPU)
        {
            return drawn;
        }

        using (drawn)
        {
            return Upload.To(like.device, drawn);
        }
    }
}
