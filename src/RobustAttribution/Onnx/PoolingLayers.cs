namespace RobustAttribution.Onnx;

/// <summary>The largest value of each window; the signal goes back to where it was found.</summary>
internal sealed class MaximumOnnxLayer(long[] kernel, long[] stride, long[] padding, long[] dilation, long[] input) : OnnxLayer
{
    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs)
    {
        return new(graph.Node("MaxPool", inputs, Window(kernel, stride, padding, dilation)), signal =>
        {
            // The second output says where, counted through the whole batch; ONNX Runtime computes the first alone several times as fast.
            string[] found = graph.Node("MaxPool", 2, inputs, Window(kernel, stride, padding, dilation));
            string zeros = graph.Node("ConstantOfShape", [graph.Reshaped(graph.Node("Size", [inputs[0]]), 1)]);
            string spread = graph.Node(
                "ScatterElements",
                [zeros, graph.Reshaped(found[1], -1), graph.Reshaped(signal, -1)],
                OnnxMessages.Attribute("axis", 0),
                OnnxMessages.Attribute("reduction", "add"));
            return [graph.Reshaped(spread, [-1, .. input[1..]])];
        });
    }
}

/// <summary>The mean of each window, padding included; each place of it gets an equal share of the signal back.</summary>
internal sealed class AverageOnnxLayer(long[] kernel, long[] stride, long[] padding, long[] input, long[] output) : OnnxLayer
{
    private double Share => 1.0 / (kernel[0] * kernel[1]);

    private bool IsGlobal => output[2] == 1 && output[3] == 1 && kernel[0] == input[2] && kernel[1] == input[3];

    public override Written Write(OnnxGraph graph, IReadOnlyList<string> inputs) => IsGlobal
        ? new(
            graph.Node("GlobalAveragePool", inputs),
            signal => [graph.Node("Expand", [Scaled(graph, signal), graph.Integers(1, 1, input[2], input[3])])])
        : new(
            graph.Node("AveragePool", inputs, [.. Window(kernel, stride, padding).SkipLast(1), OnnxMessages.Attribute("count_include_pad", 1)]),
            signal => [Spread(graph, signal)]);

    private string Scaled(OnnxGraph graph, string signal) => graph.Node("Mul", [signal, graph.Number(Share)]);

    // A transposed convolution with equal weights, channel by channel.
    private string Spread(OnnxGraph graph, string signal)
    {
        string weights = graph.Floats([1, 1, .. kernel], Enumerable.Repeat(Share, (int)(kernel[0] * kernel[1])));
        string planes = graph.Reshaped(signal, -1, 1, output[2], output[3]);
        string spread = graph.Node(
            "ConvTranspose", [planes, weights], [.. Window(kernel, stride, padding), Missing(input, output, kernel, stride, padding, [1, 1])]);
        return graph.Reshaped(spread, [-1, .. input[1..]]);
    }
}
