using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>A layer with parameters of its own.</summary>
/// <remarks>
/// The library brings its own convolution, linear and batch-norm layers because their weights are drawn from a generator that the caller passes.
/// Parameter and buffer names, defaults and results are PyTorch's.
/// </remarks>
public abstract class WeightedLayer : nn.Module<Tensor, Tensor>
{
    private protected WeightedLayer(string name)
        : base(name)
    {
    }

    /// <summary>The parameter <c>weight</c>.</summary>
    public abstract Parameter Weight { get; }

    /// <summary>The parameter <c>bias</c>; null for a layer without one.</summary>
    public abstract Parameter? Bias { get; }

    /// <summary>Moves and converts parameters and buffers, which are new objects where the type or device changed.</summary>
    internal abstract void ConvertTo(Device device, ScalarType type);

    private protected static Parameter Own(Tensor initial)
    {
        var parameter = new Parameter(initial, true);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    private protected Parameter Converted(string name, Parameter former, Device device, ScalarType type)
    {
        if (former.dtype == type && IsAt(former, device))
        {
            return former;
        }

        var converted = new Parameter(former.detach().to(type, device), former.requires_grad);
        converted.DetachFromDisposeScope();
        ConditionallyRegisterParameter(name, converted);
        former.Dispose();
        return converted;
    }

    private protected Tensor ConvertedBuffer(string name, Tensor former, Device device, ScalarType type)
    {
        if (former.dtype == type && IsAt(former, device))
        {
            return former;
        }

        Tensor converted = former.to(type, device).DetachFromDisposeScope();
        ConditionallyRegisterBuffer(name, converted);
        former.Dispose();
        return converted;
    }

    private static bool IsAt(Tensor tensor, Device device)
        => tensor.device_type == device.type && (device.type == DeviceType.CPU || tensor.device_index == device.index);
}
