using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution;

/// <summary>
/// Random numbers, drawn on the CPU and moved: TorchSharp's generators are the CPU's, whatever device they are made with, and libtorch draws from
/// them on no other.
/// </summary>
/// <remarks>So a seed draws the same numbers on every device, and <see cref="ForShare"/> on every number of ranks.</remarks>
internal static class CpuDraws
{
    [ThreadStatic]
    private static (BatchShare Share, Generator[] Generators)? narrowed;

    /// <summary>
    /// Until the result is disposed, on this thread, what is drawn from these generators for the rows of a share is drawn for the whole batch, and
    /// the share's rows of it are returned.
    /// </summary>
    public static IDisposable? ForShare(BatchShare share, params Generator[] generators)
    {
        if (share.IsWhole)
        {
            return null;
        }

        (BatchShare, Generator[])? former = narrowed;
        narrowed = (share, generators);
        return new Undo(() => narrowed = former);
    }

    /// <summary>Uniform in [0, 1).</summary>
    /// <param name="shape">Their shape.</param>
    /// <param name="like">Their type and device.</param>
    /// <param name="generator">What they are drawn from.</param>
    public static Tensor Uniform(ReadOnlySpan<long> shape, Tensor like, Generator generator)
        => Drawn(shape, like, generator, static (shape, like, generator) => rand(shape, like.dtype, CPU, false, generator));

    /// <summary>Normal, of mean 0 and variance 1, in the shape of <paramref name="like"/>.</summary>
    /// <param name="like">Their shape, type and device.</param>
    /// <param name="generator">What they are drawn from.</param>
    public static Tensor Normal(Tensor like, Generator generator)
        => Drawn(like.shape, like, generator, static (shape, like, generator) => randn(shape, like.dtype, CPU, false, generator));

    /// <summary>64 bits, of which 53 are drawn: the seed of another generator.</summary>
    /// <param name="generator">What they are drawn from.</param>
    public static ulong Seed(Generator generator)
    {
        using Tensor drawn = rand(1, ScalarType.Float64, CPU, false, generator);
        return BitConverter.DoubleToUInt64Bits(drawn.data<double>()[0]) * 0x9E3779B97F4A7C15; // spread over all bits
    }

    private static Tensor Drawn(ReadOnlySpan<long> shape, Tensor like, Generator generator, Func<long[], Tensor, Generator, Tensor> draw)
    {
        if (narrowed is not var (share, generators) || shape.Length == 0 || shape[0] != share.Count || !generators.Contains(generator))
        {
            return Moved(draw(shape.ToArray(), like, generator), like);
        }

        using Tensor all = draw([share.Total, .. shape[1..]], like, generator);
        return Moved(all.narrow(0, share.First, share.Count), like);
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
