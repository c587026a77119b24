namespace RobustAttribution.Onnx;

/// <summary>One step of a network as ONNX operations: its values, and the signal that goes back through it.</summary>
internal abstract class OnnxLayer
{
    /// <summary>Writes the layer's values down.</summary>
    /// <param name="graph">Where to.</param>
    /// <param name="inputs">What it computes them from.</param>
    public abstract Written Write(OnnxGraph graph, IReadOnlyList<string> inputs);

    /// <summary>The window of a convolution or pooling as attributes.</summary>
    protected static IEnumerable<ProtoMessage> Window(long[] kernel, long[] stride, long[] padding, long[]? dilation = null) =>
    [
        OnnxMessages.Attribute("kernel_shape", kernel),
        OnnxMessages.Attribute("strides", stride),
        OnnxMessages.Attribute("pads", [.. padding, .. padding]),
        OnnxMessages.Attribute("dilations", dilation ?? [1, 1]),
    ];

    /// <summary>Rows and columns at the end of the input that a window steps over, as the attribute of the transposed convolution.</summary>
    protected static ProtoMessage Missing(long[] input, long[] output, long[] kernel, long[] stride, long[] padding, long[] dilation)
        => OnnxMessages.Attribute("output_padding", Enumerable.Range(0, 2).Select(axis =>
            input[axis + 2] + (2 * padding[axis]) - ((output[axis + 2] - 1) * stride[axis]) - (dilation[axis] * (kernel[axis] - 1)) - 1));

    /// <summary>What was written of a layer.</summary>
    /// <param name="Output">Its value.</param>
    /// <param name="Back">From the signal at the output to those at each input; each call writes.</param>
    internal sealed record Written(string Output, Func<string, IReadOnlyList<string>> Back);
}
