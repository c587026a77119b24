using TorchSharp;

namespace RobustAttribution.Networks;

/// <summary>Weights in a stream of one of the formats that are read: their names and shapes, and on demand the tensors.</summary>
/// <param name="header">What is stored, checked against the length of the stream where that is known.</param>
/// <param name="read">Reads the tensors, at most once.</param>
internal sealed class StoredWeights(SafetensorsHeader header, Func<SafetensorsContent> read)
{
    /// <summary>Names, types and shapes.</summary>
    public SafetensorsHeader Header => header;

    /// <summary>The tensors; owned by the caller.</summary>
    /// <exception cref="FormatException">The stream is damaged; the message names the tensor.</exception>
    public SafetensorsContent Read() => read();

    /// <summary>Finds out the format and reads names and shapes.</summary>
    /// <param name="stream">
    /// Safetensors, or what TorchSharp's <c>Module.save</c> wrote, which requires a stream that can seek. Read from its position on; left open.
    /// </param>
    /// <exception cref="FormatException">It is of neither format, or damaged; the message says what it seems to be.</exception>
    public static StoredWeights Open(Stream stream)
    {
        if (Require.NotNull(stream, nameof(stream)).CanSeek && TorchSharpWeights.IsNext(stream))
        {
            SafetensorsHeader entries = TorchSharpWeights.ReadHeader(stream);
            return new StoredWeights(entries, () => TorchSharpWeights.ReadTensors(stream, entries));
        }

        SafetensorsHeader header = Safetensors.ReadHeader(stream);
        return new StoredWeights(header, () => Safetensors.ReadTensors(stream, header));
    }
}
