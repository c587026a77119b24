using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>First values of layers: the draws that libtorch's own layers make, in the same order, from the default generator.</summary>
internal static class Initial
{
    /// <summary>Uniform within 1/√fan-in (Kaiming with a = √5).</summary>
    internal static Parameter Kernel(long[] shape, Device? device, ScalarType? dtype)
    {
        using var detached = no_grad();
        var weight = empty(shape);
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        return Finish(weight, device, dtype);
    }

    internal static Parameter Bias(long length, Tensor weight, Device? device, ScalarType? dtype)
    {
        using var detached = no_grad();
        var bound = 1 / Math.Sqrt(nn.init.CalculateFanInAndFanOut(weight).fanIn);
        return Finish(empty([length]).uniform_(-bound, bound), device, dtype);
    }

    internal static Parameter Finish(Tensor values, Device? device, ScalarType? dtype)
    {
        if (device is not null || dtype is not null) values = values.to(dtype ?? values.dtype, device ?? values.device, disposeAfter: true);
        return new Parameter(values);
    }
}
