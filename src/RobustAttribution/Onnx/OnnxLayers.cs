using RobustAttribution.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>The layers of a recorded network.</summary>
/// <param name="network">The network.</param>
/// <param name="trace">Its structure.</param>
/// <param name="values">What enters, then what each step puts out, for two images.</param>
/// <param name="kept">Steps whose own output is needed.</param>
internal sealed class OnnxLayers(ImageNetwork network, NetworkTrace trace, IReadOnlyList<Tensor> values, IEnumerable<int> kept)
{
    private readonly HashSet<int> kept = [.. kept, trace.Output];

    /// <summary>The layer of each step; null for a convolution that the batch normalisation behind it contains.</summary>
    /// <exception cref="NotSupportedException">A module is of no known kind; the message names it.</exception>
    public OnnxLayer?[] All()
    {
        bool[] folded = [.. Enumerable.Range(0, trace.Steps.Count).Select(IsFolded)];
        return [.. trace.Steps.Select((step, i) => folded[i] ? null : LayerOf(step, i, step.Inputs[0] >= 0 && folded[step.Inputs[0]]))];
    }

    private bool IsFolded(int step)
    {
        NetworkTrace.Step[] users = [.. trace.Steps.Where(user => user.Inputs.Contains(step))];
        return IsPlain<Conv2d>(trace.Steps[step].Module) && !kept.Contains(step) && users.Length == 1 && IsPlain<BatchNorm2d>(users[0].Module);
    }

    private OnnxLayer LayerOf(NetworkTrace.Step step, int index, bool isFolded)
    {
        RequireOwnFunction(step, index);
        long[] input = values[step.Inputs[0] + 1].shape, output = values[index + 1].shape;
        return step.Module switch
        {
            BatchNorm2d normalization when isFolded => Folded(step, normalization),
            Conv2d convolution when LayerKinds.IsLinear(convolution)
                => new ConvolutionOnnxLayer(step.Name, convolution, Single(convolution.weight!), Single(convolution.bias), input, output),
            BatchNorm2d normalization when LayerKinds.IsLinear(normalization) => Channelwise(step.Name, normalization),
            Linear linear when input.Length == 2 => new LinearOnnxLayer(step.Name, Single(linear.weight!), Single(linear.bias)),
            MaxPool2d { ceil_mode: false } pool => new MaximumOnnxLayer(
                Two(pool.kernel_size), Two(pool.stride, pool.kernel_size), Two(pool.padding, [0]), Two(pool.dilation, [1]), input),
            AvgPool2d { ceil_mode: false, divisor_override: null } pool when pool.count_include_pad || Two(pool.padding, [0]) is [0, 0]
                => new AverageOnnxLayer(Two(pool.kernel_size), Two(pool.stride, pool.kernel_size), Two(pool.padding, [0]), input, output),
            AdaptiveAvgPool2d when input[2] % output[2] == 0 && input[3] % output[3] == 0 => Divided(input, output),
            Flatten or Unflatten when input[0] == output[0] => new ReshapingOnnxLayer(input, output),
            Identity or Dropout or Dropout2d => new PassingOnnxLayer(),
            Sum => new SumOnnxLayer(),
            _ => Activated(step.Module) ?? throw Refused(step),
        };
    }

    private static ActivationOnnxLayer? Activated(nn.Module module) => module is Softplus { threshold: >= 20 } softplus
        ? new ActivationOnnxLayer(new SoftplusActivation(softplus.beta), [(1, 0)], 0)
        : LayerKinds.ActivationOf(module)?.Activation is { } activation ? ActivationOnnxLayer.Of(module, activation) : null;

    // An exchanged activation is a hook; another one beside it may change what it puts out.
    private void RequireOwnFunction(NetworkTrace.Step step, int index)
    {
        if (ForwardHooks.HasAny(step.Module)
            && !LayerKinds.ActivationOf(step.Module)!.Apply(values[step.Inputs[0] + 1]).eq(values[index + 1]).all().ToBoolean())
        {
            throw new NotSupportedException(
                $"'{step.Name}', a {step.Module.GetType().Name}, has forward hooks that change its output, which ONNX cannot hold: remove them.");
        }
    }

    private ConvolutionOnnxLayer Folded(NetworkTrace.Step step, BatchNorm2d normalization)
    {
        NetworkTrace.Step before = trace.Steps[step.Inputs[0]];
        var convolution = (Conv2d)before.Module;
        (Tensor scale, Tensor shift) = Coefficients(normalization);
        Tensor bias = convolution.bias is { } own ? (own.to(ScalarType.Float64) * scale) + shift : shift;
        return new ConvolutionOnnxLayer(
            $"{before.Name}+{step.Name}",
            convolution,
            Single(convolution.weight!.to(ScalarType.Float64) * scale.reshape(-1, 1, 1, 1)),
            Single(bias),
            values[before.Inputs[0] + 1].shape,
            values[step.Inputs[0] + 1].shape);
    }

    private static ChannelwiseOnnxLayer Channelwise(string name, BatchNorm2d normalization)
    {
        (Tensor scale, Tensor shift) = Coefficients(normalization);
        return new ChannelwiseOnnxLayer(name, Single(scale.reshape(1, -1, 1, 1)), Single(shift.reshape(1, -1, 1, 1)));
    }

    // γ/√(σ² + ε) and β − μ·γ/√(σ² + ε), in float64.
    private static (Tensor Scale, Tensor Shift) Coefficients(BatchNorm2d layer)
    {
        Tensor scale = (layer.running_var!.to(ScalarType.Float64) + layer.eps).rsqrt();
        scale = layer.weight is null ? scale : layer.weight.to(ScalarType.Float64) * scale;
        Tensor shift = layer.running_mean!.to(ScalarType.Float64) * scale;
        return (scale, layer.bias is null ? -shift : layer.bias.to(ScalarType.Float64) - shift);
    }

    private static AverageOnnxLayer Divided(long[] input, long[] output)
    {
        long[] kernel = [input[2] / output[2], input[3] / output[3]];
        return new AverageOnnxLayer(kernel, kernel, [0, 0], input, output);
    }

    private NotSupportedException Refused(NetworkTrace.Step step) => new(
        $"'{step.Name}', a {step.Module.GetType().Name}, of the network {network.Backbone.GetName()} cannot be saved as ONNX. Allowed are"
        + " Conv2d with padding of zeros, BatchNorm2d with running statistics, Linear of vectors, MaxPool2d and AvgPool2d without ceil_mode or"
        + " divisor, AvgPool2d with padding only where it counts, AdaptiveAvgPool2d where it divides the size, Flatten, Unflatten, Identity,"
        + " Dropout, Sum, ReLU, ReLU6, LeakyReLU, Softplus with a threshold of at least 20, and ActivationLayer with ReLU or softplus.");

    private static bool IsPlain<T>(nn.Module module) => module is T && LayerKinds.IsLinear(module);

    private static Tensor Single(Tensor? values) => values?.detach().to(ScalarType.Float32, CPU).contiguous()!;

    private static long[] Two(long[]? sizes, params long[] otherwise) => (sizes is { Length: > 0 } ? sizes : otherwise) is [var a, .. var rest]
        ? [a, rest is [var b] ? b : a]
        : throw new ArgumentException("A window has no size.");
}
