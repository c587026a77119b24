using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>The checkpoint files of one folder, which belongs to this training until it is disposed or its process ends.</summary>
internal sealed class CheckpointStore : IDisposable
{
    private const string Format = "RobustAttribution checkpoint 1";
    private const string Prefix = "checkpoint-";
    private const string Extension = ".safetensors";
    private const string Unfinished = ".unfinished";
    private const string LockName = "training.lock";
    private const int Kept = 2;
    private const string FormatKey = "format", FingerprintKey = "fingerprint", PositionKey = "position", ChecksumKey = "sha256";

    private readonly CheckpointOptions options;
    private readonly string fingerprint;
    private readonly FileStream locked;
    private readonly List<string> own = []; // this training's files, oldest first: no other is ever deleted

    /// <summary>Takes the folder, and removes what a killed process left half written.</summary>
    /// <exception cref="CheckpointException">
    /// Another training has the folder, it cannot be written, or it has checkpoints and the options forbid resuming.
    /// </exception>
    public CheckpointStore(CheckpointOptions options, string fingerprint)
    {
        (this.options, this.fingerprint) = (options, fingerprint);
        locked = Lock(options.Folder);
        try
        {
            Prepare();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose() => locked.Dispose();

    private void Prepare()
    {
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
        own.Remove(path);
        own.Add(path);
        while (own.Count > Kept)
        {
            File.Delete(own[0]);
            own.RemoveAt(0);
        }
    }

    /// <summary>Reads the newest checkpoint.</summary>
    /// <returns>File, position and tensors, owned by the caller; null where the folder has none.</returns>
    /// <exception cref="CheckpointException">It is damaged, or of another training.</exception>
    public (string Path, TrainingPosition Position, SafetensorsContent Content)? Load()
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
            own.AddRange(Files().Skip(1).Where(IsOwn).Order(StringComparer.Ordinal));
            own.Add(path);
            return (path, TrainingPosition.FromJson(content.Metadata[PositionKey]), content);
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

    private bool IsOwn(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            using SafetensorsContent content = Safetensors.Read(stream);
            return content.Metadata.GetValueOrDefault(FingerprintKey) is string found
                && TrainingFingerprint.Difference(found, fingerprint).Length == 0;
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            return false; // it may be anybody's, so it stays
        }
    }

    /// <summary>Opens the lock of a folder, which the operating system lets go when the process ends.</summary>
    private static FileStream Lock(string folder)
    {
        string path = Path.Combine(folder, LockName);
        try
        {
            Directory.CreateDirectory(folder);
            var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            if (File.Exists(path))
            {
                return stream;
            }

            stream.Dispose();
            throw new IOException($"{path} was deleted by another process."); // its holder ended between opening and locking
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                File.Exists(path)
                    ? $"Another training writes its checkpoints to {folder}. Wait for its end, or choose another folder. {error.Message}"
                    : $"Checkpoints cannot be written to {folder}: {error.Message}",
                error);
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
