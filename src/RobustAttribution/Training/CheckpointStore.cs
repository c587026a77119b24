using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>The checkpoint files of one folder.</summary>
internal sealed class CheckpointStore
{
    private const string Format = "RobustAttribution checkpoint 1";
    private const string Prefix = "checkpoint-";
    private const string Extension = ".safetensors";
    private const string Unfinished = ".unfinished";
    private const int Kept = 2;
    private const string FormatKey = "format", FingerprintKey = "fingerprint", PositionKey = "position", ChecksumKey = "sha256";

    private readonly CheckpointOptions options;
    private readonly string fingerprint;

    /// <summary>Opens the folder, and removes what a killed process left half written.</summary>
    /// <exception cref="CheckpointException">The folder has checkpoints, and the options forbid resuming.</exception>
    public CheckpointStore(CheckpointOptions options, string fingerprint)
    {
        (this.options, this.fingerprint) = (options, fingerprint);
        Directory.CreateDirectory(options.Folder);
        foreach (string file in Directory.EnumerateFiles(options.Folder, $"{Prefix}*{Extension}{Unfinished}"))
        {
            File.Delete(file);
        }

        if (!options.Resume && Files().FirstOrDefault() is string existing)
        {
            throw new CheckpointException(
                $"{existing} is there already, and {nameof(CheckpointOptions)}.{nameof(CheckpointOptions.Resume)} is false."
                + " Choose an empty folder, or resume.");
        }
    }

    /// <summary>Writes a checkpoint; once this returns, it is on the disk.</summary>
    /// <param name="number">Steps done since the training began.</param>
    /// <param name="position">The state that is no tensor.</param>
    /// <param name="tensors">The state that is.</param>
    public void Save(long number, TrainingPosition position, IReadOnlyList<KeyValuePair<string, Tensor>> tensors)
    {
        var metadata = new Dictionary<string, string> { [FormatKey] = Format, [FingerprintKey] = fingerprint, [PositionKey] = position.ToJson() };
        metadata[ChecksumKey] = Checksum(metadata, tensors);
        string path = Path.Combine(options.Folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D9}{Extension}"));
        using (FileStream stream = File.Create(path + Unfinished))
        {
            Safetensors.Write(stream, tensors, metadata);
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + Unfinished, path, overwrite: true);
        foreach (string old in Files().Skip(Kept))
        {
            File.Delete(old);
        }
    }

    /// <summary>Reads the newest checkpoint.</summary>
    /// <returns>Position and tensors, owned by the caller; null where the folder has none.</returns>
    /// <exception cref="CheckpointException">It is damaged, or of another training.</exception>
    public (TrainingPosition Position, SafetensorsContent Content)? Load()
    {
        if (Files().FirstOrDefault() is not string path)
        {
            return null;
        }

        SafetensorsContent? content = null;
        try
        {
            using (FileStream stream = File.OpenRead(path))
            {
                content = Safetensors.Read(stream);
            }

            Check(path, content);
            return (TrainingPosition.FromJson(content.Metadata[PositionKey]), content);
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            content?.Dispose();
            throw Damaged(path, error.Message, error);
        }
        catch
        {
            content?.Dispose();
            throw;
        }
    }

    private void Check(string path, SafetensorsContent content)
    {
        string format = content.Metadata.GetValueOrDefault(FormatKey, "absent");
        if (format != Format)
        {
            throw new CheckpointException($"{path} is no checkpoint that this version reads: its format is '{format}', expected '{Format}'.");
        }

        if (content.Metadata.GetValueOrDefault(ChecksumKey) != Checksum(content.Metadata, content.Tensors))
        {
            throw Damaged(path, "its contents do not match its checksum", null);
        }

        string difference = TrainingFingerprint.Difference(content.Metadata[FingerprintKey], fingerprint);
        if (difference.Length > 0)
        {
            throw new CheckpointException(
                $"{path} belongs to another training: {difference}. Go on with the former options, or choose an empty folder.");
        }
    }

    private static CheckpointException Damaged(string path, string reason, Exception? cause)
        => new($"{path} is damaged: {reason}. Delete it to go on from the checkpoint before it, if there is one.", cause);

    /// <summary>SHA-256 over everything else in the file, in the order of the names.</summary>
    private static string Checksum(IReadOnlyDictionary<string, string> metadata, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in metadata.Where(pair => pair.Key != ChecksumKey).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            TensorHash.Append(hash, key);
            TensorHash.Append(hash, value);
        }

        foreach ((string name, Tensor tensor) in tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            TensorHash.Append(hash, name);
            TensorHash.Append(hash, tensor);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The finished checkpoints, the newest first.</summary>
    private IEnumerable<string> Files()
        => Directory.EnumerateFiles(options.Folder, $"{Prefix}*{Extension}").Where(file => file.EndsWith(Extension, StringComparison.Ordinal))
            .OrderDescending(StringComparer.Ordinal);
}
