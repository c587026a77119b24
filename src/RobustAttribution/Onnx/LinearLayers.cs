using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>A convolution; back goes the transposed one.</summary>
/// <param name="name">The prefix of its weights' names.</param>
/// <param name="layer">Window and groups.</param>
/// <param name="weight">[O,I,h,w], with a batch normalisation folded in where one follows.</param>
/// <param name="bias">[O]; null for none.</param>
/// <param name="input">Shape of what it takes.</param>
/// <param name="output">Shape of what it puts out.</param>
internal sealed class ConvolutionOnnxLayer(string name, Conv2d layer, Tensor weight, Tensor? bias, long[] input, long[] output) : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs)
    {
        string kernel = graph.Weight($"{name}.weight", weight);
        string[] parameters = bias is null ? [kernel] : [kernel, graph.Weight($"{name}.bias", bias)];
        ProtoMessage[] window =
        [
            .. Window(layer.kernel_size, layer.stride, layer.padding!, layer.dilation), OnnxMessages.Attribute("group", layer.groups),
        ];
        ProtoMessage missing = Missing(input, output, layer.kernel_size, layer.stride, layer.padding!, layer.dilation);
        return new(
            graph.Node("Conv", [inputs[0], .. parameters], window),
            signal => [graph.Node("ConvTranspose", [signal, kernel], [.. window, missing])]);
    }
}

/// <summary>A fully connected layer.</summary>
internal sealed class LinearOnnxLayer(string name, Tensor weight, Tensor? bias) : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs)
    {
        string matrix = graph.Weight($"{name}.weight", weight);
        string[] parameters = bias is null ? [matrix] : [matrix, graph.Weight($"{name}.bias", bias)];
        return new(
            graph.Node("Gemm", [inputs[0], .. parameters], OnnxMessages.Attribute("transB", 1)),
            signal => [graph.Node("MatMul", [signal, matrix])]);
    }
}

/// <summary>A factor and a summand for each channel: batch normalisation in evaluation mode.</summary>
internal sealed class ChannelwiseOnnxLayer(string name, Tensor scale, Tensor shift) : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs)
    {
        string factor = graph.Weight($"{name}.scale", scale), summand = graph.Weight($"{name}.shift", shift);
        return new(
            graph.Node("Add", [graph.Node("Mul", [inputs[0], factor]), summand]),
            signal => [graph.Node("Mul", [signal, factor])]);
    }
}

/// <summary>A sum of two branches.</summary>
internal sealed class SumOnnxLayer : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs) => new(graph.Node("Add", inputs), signal => [signal, signal]);
}

/// <summary>A layer that does nothing in evaluation mode.</summary>
internal sealed class PassingOnnxLayer : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs) => new(inputs[0], signal => [signal]);
}

/// <summary>The same values in another shape.</summary>
/// <param name="input">Shape of what it takes, the batch first.</param>
/// <param name="output">Shape of what it puts out, the batch first.</param>
internal sealed class ReshapingOnnxLayer(long[] input, long[] output) : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs)
        => new(graph.Reshaped(inputs[0], [-1, .. output[1..]]), signal => [graph.Reshaped(signal, [-1, .. input[1..]])]);
}
