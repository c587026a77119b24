using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>The content of a safetensors stream. Owns its tensors.</summary>
internal sealed class SafetensorsContent(IReadOnlyDictionary<string, Tensor> tensors, SafetensorsHeader header) : IDisposable
{
    /// <summary>The tensors by name, on the CPU, in the type they were stored in.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; } = tensors;

    /// <summary>What the stream says of them.</summary>
    public SafetensorsHeader Header { get; } = header;

    /// <summary>The free text pairs of <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    /// <summary>Frees the tensors. Harmless when repeated.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in Tensors.Values)
        {
            tensor.Dispose();
        }
    }
}
