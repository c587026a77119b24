namespace RobustAttribution.Onnx;

/// <summary>The messages of onnx.proto that an exporter writes; the numbers are its field numbers.</summary>
internal static class OnnxMessages
{
    /// <summary>The type of a tensor's elements.</summary>
    public const int Float = 1, Int64 = 7;

    private const int IntegerAttribute = 2, TextAttribute = 3, IntegersAttribute = 7;

    // The version of the format itself that came with operator set 16, 17, …
    private static readonly int[] FormatVersions = [8, 8, 8, 9, 9, 10, 10, 11, 12, 13, 13];

    public static ProtoMessage Model(
        int opset, string producer, string version, ProtoMessage graph, IEnumerable<(string Key, string Value)> metadata)
        => new ProtoMessage().Number(1, FormatVersions[opset - OnnxExportOptions.OldestOpset]).Text(2, producer).Text(3, version).Message(7, graph)
            .Message(8, new ProtoMessage().Text(1, string.Empty).Number(2, opset))
            .Each(metadata, (model, entry) => model.Message(14, new ProtoMessage().Text(1, entry.Key).Text(2, entry.Value)));

    public static ProtoMessage Node(
        string operation, string name, IEnumerable<string> inputs, IEnumerable<string> outputs, IEnumerable<ProtoMessage> attributes)
        => new ProtoMessage().Each(inputs, (node, input) => node.Text(1, input)).Each(outputs, (node, output) => node.Text(2, output))
            .Text(3, name).Text(4, operation).Each(attributes, (node, attribute) => node.Message(5, attribute));

    public static ProtoMessage Attribute(string name, long value) => new ProtoMessage().Text(1, name).Number(3, value).Number(20, IntegerAttribute);

    public static ProtoMessage Attribute(string name, string value) => new ProtoMessage().Text(1, name).Text(4, value).Number(20, TextAttribute);

    public static ProtoMessage Attribute(string name, IEnumerable<long> values)
        => new ProtoMessage().Text(1, name).Each(values, (attribute, value) => attribute.Number(8, value)).Number(20, IntegersAttribute);

    public static ProtoMessage Tensor(string name, int type, IEnumerable<long> shape, ReadOnlyMemory<byte> values)
        => new ProtoMessage().Each(shape, (tensor, size) => tensor.Number(1, size)).Number(2, type).Text(8, name).Bytes(9, values);

    /// <summary>An input or output of the graph.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Of its elements.</param>
    /// <param name="batch">The name of its first dimension, of any size.</param>
    /// <param name="sizes">Of the other dimensions.</param>
    public static ProtoMessage Value(string name, int type, string batch, params IEnumerable<long> sizes)
    {
        ProtoMessage shape = new ProtoMessage().Message(1, new ProtoMessage().Text(2, batch))
            .Each(sizes, (shape, size) => shape.Message(1, new ProtoMessage().Number(1, size)));
        var tensor = new ProtoMessage().Number(1, type).Message(2, shape);
        return new ProtoMessage().Text(1, name).Message(2, new ProtoMessage().Message(1, tensor));
    }
}
