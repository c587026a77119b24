using System.Security.Cryptography;
using System.Text;

namespace RobustAttribution.Networks;

/// <summary>
/// The SHA-256 of what a safetensors stream says: for each tensor, in the order of the data, the line "name type [shape]" in UTF-8, then its bytes.
/// </summary>
internal sealed class SafetensorsChecksum : IDisposable
{
    /// <summary>Its name in the metadata.</summary>
    public const string Name = "robustattribution.sha256";

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Append(string name, SafetensorsType type, long[] shape)
        => hash.AppendData(Encoding.UTF8.GetBytes($"{name} {type.Name} [{string.Join(',', shape)}]\n"));

    public void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

    /// <summary>The checksum; a new one begins.</summary>
    public string Finish() => Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <exception cref="FormatException">It is another one.</exception>
    public void Require(string stated)
    {
        if (Finish() is var found && found != stated)
        {
            throw new FormatException(
                $"The tensors have the SHA-256 {found}, and the metadata '{Name}' states {stated}: they are damaged, or a program changed them and"
                + " kept the metadata; where it did, have it leave that entry out.");
        }
    }

    public void Dispose() => hash.Dispose();
}
