using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The distributions that PyTorch and torchvision start their layers from.</summary>
/// <remarks>Every draw comes from the generator that is passed; with null it comes from the global one, as in PyTorch.</remarks>
public static class InitialWeights
{
    /// <summary>PyTorch's default for convolutions and linear layers (He et al. 2015 with a = √5): uniform in ±1/√fan-in.</summary>
    /// <param name="shape">[out, in, …]; the fan-in is the product of all but the first.</param>
    /// <param name="generator">Source of the draws, on the CPU.</param>
    /// <returns>float32 on the CPU; owned by the caller.</returns>
    public static Tensor KaimingUniform(long[] shape, Generator? generator) => Uniform(shape, FanIn(shape), generator);

    /// <summary>What torchvision's ResNets use for their convolutions (He et al. 2015, mode fan-out, gain √2): N(0, 2/fan-out).</summary>
    /// <param name="shape">[out, in, …]; the fan-out is the product of all but the second.</param>
    /// <param name="generator">Source of the draws, on the CPU.</param>
    /// <returns>float32 on the CPU; owned by the caller.</returns>
    public static Tensor KaimingNormalFanOut(long[] shape, Generator? generator)
    {
        long fanOut = shape[0] * shape.Skip(2).Aggregate(1L, (product, size) => product * size);
        return empty(shape, ScalarType.Float32, CPU).normal_(0, Math.Sqrt(2.0 / fanOut), generator);
    }

    /// <summary>PyTorch's default for the bias of a layer: uniform in ±1/√fan-in.</summary>
    internal static Tensor Bias(long[] weightShape, Generator? generator) => Uniform([weightShape[0]], FanIn(weightShape), generator);

    private static long FanIn(long[] shape) => shape.Skip(1).Aggregate(1L, (product, size) => product * size);

    private static Tensor Uniform(long[] shape, long fanIn, Generator? generator)
    {
        double bound = 1 / Math.Sqrt(fanIn);
        return empty(shape, ScalarType.Float32, CPU).uniform_(-bound, bound, generator);
    }
}
