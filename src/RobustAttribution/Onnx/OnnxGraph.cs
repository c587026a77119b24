using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace RobustAttribution.Onnx;

/// <summary>An ONNX graph under construction. A value is known by its name; everything is float32 unless said otherwise.</summary>
/// <remarks>Names that the graph makes begin with a slash, those of weights have a dot: no input or output can have one of them.</remarks>
internal sealed class OnnxGraph
{
    private readonly List<ProtoMessage> nodes = [], initializers = [], inputs = [], outputs = [];
    private readonly HashSet<string> weights = [];
    private readonly Dictionary<string, string> constants = [];

    /// <summary>Adds an operation with one output.</summary>
    /// <returns>Its output.</returns>
    public string Node(string operation, IEnumerable<string> from, params IEnumerable<ProtoMessage> attributes)
        => Node(operation, 1, from, attributes)[0];

    /// <summary>Adds an operation.</summary>
    /// <returns>Its outputs.</returns>
    public string[] Node(string operation, int outputCount, IEnumerable<string> from, params IEnumerable<ProtoMessage> attributes)
    {
        string name = $"/{operation}_{nodes.Count}";
        string[] results = [.. Enumerable.Range(0, outputCount).Select(i => i == 0 ? name : $"{name}_{i}")];
        nodes.Add(OnnxMessages.Node(operation, name, from, results, attributes));
        return results;
    }

    /// <summary>The value of another shape.</summary>
    /// <param name="value">The value.</param>
    /// <param name="shape">One size may be −1.</param>
    public string Reshaped(string value, params IEnumerable<long> shape) => Node("Reshape", [value, Integers(shape)]);

    /// <summary>The sum over one axis.</summary>
    public string Sum(string value, int axis, bool keepAxis)
        => Node("ReduceSum", [value, Integers(axis)], OnnxMessages.Attribute("keepdims", keepAxis ? 1 : 0));

    /// <summary>A tensor of weights; the first of a name is kept.</summary>
    public string Weight(string name, Tensor values)
    {
        if (weights.Add(name))
        {
            initializers.Add(OnnxMessages.Tensor(name, OnnxMessages.Float, values.shape, values.bytes.ToArray()));
        }

        return name;
    }

    /// <summary>A constant number.</summary>
    public string Number(double value) => Floats([], value);

    /// <summary>A constant tensor.</summary>
    public string Floats(long[] shape, params IEnumerable<double> values)
    {
        float[] floats = [.. values.Select(value => (float)value)];
        return Constant(OnnxMessages.Float, shape, MemoryMarshal.AsBytes<float>(floats).ToArray());
    }

    /// <summary>A constant vector of whole numbers.</summary>
    public string Integers(params IEnumerable<long> values)
    {
        long[] all = [.. values];
        return Constant(OnnxMessages.Int64, [all.Length], MemoryMarshal.AsBytes<long>(all).ToArray());
    }

    /// <summary>Declares an input of float32.</summary>
    public string Input(string name, params IEnumerable<long> sizes)
    {
        inputs.Add(OnnxMessages.Value(name, OnnxMessages.Float, "N", sizes));
        return name;
    }

    /// <summary>Declares a vector of int64, of any length, that may be left out.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="otherwise">Its one value where it is left out.</param>
    public string OptionalInput(string name, long otherwise)
    {
        inputs.Add(OnnxMessages.Value(name, OnnxMessages.Int64, $"{name}Count"));
        initializers.Add(OnnxMessages.Tensor(name, OnnxMessages.Int64, [1], BitConverter.GetBytes(otherwise)));
        return name;
    }

    /// <summary>Names a value as an output.</summary>
    public void Output(string name, string value, int type, params IEnumerable<long> sizes)
    {
        nodes.Add(OnnxMessages.Node("Identity", $"/Output_{name}", [value], [name], []));
        outputs.Add(OnnxMessages.Value(name, type, "N", sizes));
    }

    /// <summary>The finished graph.</summary>
    public ProtoMessage ToMessage(string name)
        => new ProtoMessage().Each(nodes, (graph, node) => graph.Message(1, node)).Text(2, name)
            .Each(initializers, (graph, tensor) => graph.Message(5, tensor))
            .Each(inputs, (graph, input) => graph.Message(11, input)).Each(outputs, (graph, output) => graph.Message(12, output));

    // Each value of a shape once.
    private string Constant(int type, long[] shape, byte[] values)
    {
        string key = $"{type} {string.Join('x', shape)} {Convert.ToBase64String(values)}";
        if (!constants.TryGetValue(key, out string? name))
        {
            constants[key] = name = $"/Constant_{constants.Count}";
            initializers.Add(OnnxMessages.Tensor(name, type, shape, values));
        }

        return name;
    }
}
