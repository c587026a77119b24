using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// Reads and writes tensors in the safetensors format: eight bytes with the header's length, a JSON header with each tensor's name, type, shape and
/// offsets, then the tensors' bytes. Nothing in it can run code.
/// </summary>
/// <remarks>
/// Types: F64, F32, F16, BF16, I64, I32, U8, BOOL; little-endian; up to 2 GiB for each tensor. The reader is strict, and allocates no memory for a
/// length that the stream does not have.
/// </remarks>
internal static class Safetensors
{
    /// <summary>Writes tensors. Equal input gives equal bytes.</summary>
    /// <param name="stream">Written from its position on; left open.</param>
    /// <param name="tensors">
    /// Names, all different, and tensors on any device. Larger element types are stored first, so that every tensor is aligned.
    /// </param>
    /// <param name="metadata">Free text pairs to store with them.</param>
    /// <param name="withChecksum">Whether a SHA-256 is stored among them, which the reader verifies.</param>
    /// <exception cref="ArgumentException">A name is given twice, or is reserved.</exception>
    /// <exception cref="NotSupportedException">A tensor's type is not among those supported, or it is larger than 2 GiB.</exception>
    public static void Write(
        Stream stream,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        bool withChecksum = false)
    {
        Require.NotNull(stream, nameof(stream));
        List<(string Name, Tensor Tensor, SafetensorsType Type)> entries =
        [
            .. Require.NotNull(tensors, nameof(tensors))
                .Select(pair => (pair.Key, pair.Value, TypeOf(pair.Key, pair.Value)))
                .OrderByDescending(entry => entry.Item3.Size),
        ];
        IEnumerable<string> names = entries.Select(entry => entry.Name).Append(SafetensorsHeader.MetadataName);
        foreach (IGrouping<string, string> name in names.GroupBy(name => name))
        {
            if (name.Count() > 1)
            {
                throw new ArgumentException($"The name '{name.Key}' is there twice, or reserved.", nameof(tensors));
            }
        }

        if (withChecksum)
        {
            Dictionary<string, string> pairs = metadata is null ? [] : new(metadata);
            pairs[SafetensorsChecksum.Name] = ChecksumOf(entries);
            metadata = pairs;
        }

        byte[] header = HeaderOf(entries, metadata);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, Tensor tensor, _) in entries.Where(entry => entry.Tensor.numel() > 0))
        {
            Use(tensor, stream.Write);
        }
    }

    /// <summary>Writes a file; an existing one is replaced when everything is written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Names, all different, and tensors on any device.</param>
    /// <param name="metadata">Free text pairs to store with them.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        string unfinished = path + ".part";
        using (FileStream stream = File.Create(unfinished))
        {
            Write(stream, tensors, metadata);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Reads tensors in the safetensors format, of this or any other program.</summary>
    /// <param name="stream">Read from its position to its end, which must be the end of the last tensor; left open.</param>
    /// <returns>The tensors; owned by the caller.</returns>
    /// <exception cref="FormatException">The stream is not safetensors, or is damaged. The message names the tensor.</exception>
    public static SafetensorsContent Read(Stream stream) => ReadTensors(stream, ReadHeader(stream));

    /// <summary>Reads the header, and compares the lengths it states with that of the stream where the stream knows it.</summary>
    /// <param name="stream">Read from its position to the first tensor; left open.</param>
    /// <exception cref="FormatException">The stream is not safetensors, or is damaged. The message names the tensor.</exception>
    public static SafetensorsHeader ReadHeader(Stream stream)
    {
        Require.NotNull(stream, nameof(stream));
        SafetensorsHeader header = SafetensorsHeader.Parse(ReadHeaderBytes(stream));
        long? available = stream.CanSeek ? stream.Length - stream.Position : null;
        if (available is { } length && length != header.DataLength)
        {
            SafetensorsHeader.Entry? cut = header.Entries.FirstOrDefault(entry => entry.End > length);
            throw new FormatException(cut is null
                ? $"Not safetensors: {length - header.DataLength} bytes follow the last tensor."
                : $"Tensor '{cut.Name}' ends at byte {cut.End} of the data, but the stream ends at byte {length}.");
        }

        return header;
    }

    /// <summary>Reads the tensors behind a header.</summary>
    /// <param name="stream">The stream that <see cref="ReadHeader"/> has read the header of; read to its end and left open.</param>
    /// <param name="header">The header.</param>
    /// <returns>The tensors; owned by the caller.</returns>
    /// <exception cref="FormatException">The stream is damaged. The message names the tensor.</exception>
    public static SafetensorsContent ReadTensors(Stream stream, SafetensorsHeader header)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var content = new SafetensorsContent(tensors, header);
        try
        {
            string? stated = header.Metadata.GetValueOrDefault(SafetensorsChecksum.Name);
            using SafetensorsChecksum? checksum = stated is null ? null : new();
            foreach (SafetensorsHeader.Entry entry in header.Entries)
            {
                Tensor tensor = ReadTensor(stream, entry, lengthIsKnown: stream.CanSeek);
                tensors.Add(entry.Name, tensor);
                checksum?.Append(entry.Name, entry.Type, entry.Shape);
                checksum?.Append(tensor.numel() > 0 ? tensor.bytes : []);
            }

            if (!stream.CanSeek && stream.ReadByte() >= 0)
            {
                throw new FormatException("Not safetensors: bytes follow the last tensor.");
            }

            checksum?.Require(stated!);

            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file.</summary>
    /// <returns>The tensors; owned by the caller.</returns>
    /// <exception cref="FormatException">The file is not safetensors, or is damaged. The message names the file and the tensor.</exception>
    public static SafetensorsContent Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        try
        {
            return Read(stream);
        }
        catch (FormatException error)
        {
            throw new FormatException($"{path}: {error.Message}", error);
        }
    }

    private static string ChecksumOf(List<(string Name, Tensor Tensor, SafetensorsType Type)> entries)
    {
        using var checksum = new SafetensorsChecksum();
        foreach ((string name, Tensor tensor, SafetensorsType type) in entries)
        {
            checksum.Append(name, type, tensor.shape);
            if (tensor.numel() > 0)
            {
                Use(tensor, checksum.Append);
            }
        }

        return checksum.Finish();
    }

    private static void Use(Tensor tensor, Action<ReadOnlySpan<byte>> use)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor stored = tensor.detach().cpu().contiguous();
        use(stored.bytes);
        GC.KeepAlive(stored);
    }

    private static SafetensorsType TypeOf(string name, Tensor tensor)
    {
        SafetensorsType type = SafetensorsType.Of(tensor.dtype)
            ?? throw new NotSupportedException($"Tensor '{name}' is of type {tensor.dtype}; safetensors are written of {SafetensorsType.Allowed}.");
        return tensor.numel() <= int.MaxValue / type.Size ? type : throw new NotSupportedException($"Tensor '{name}' is larger than 2 GiB.");
    }

    private static byte[] HeaderOf(List<(string Name, Tensor Tensor, SafetensorsType Type)> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataName);
                foreach ((string key, string value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long position = 0;
            foreach ((string name, Tensor tensor, SafetensorsType type) in entries)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", type.Name);
                WriteNumbers(json, "shape", tensor.shape);
                WriteNumbers(json, "data_offsets", [position, position += tensor.numel() * type.Size]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static byte[] ReadHeaderBytes(Stream stream)
    {
        const int PrefixLength = sizeof(ulong) + 1;
        byte[] start = new byte[FileKind.Needed];
        int got = stream.ReadAtLeast(start.AsSpan(0, PrefixLength), PrefixLength, throwOnEndOfStream: false);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (got == PrefixLength && length is > 0 and <= SafetensorsHeader.MaximumLength && start[sizeof(ulong)] == '{')
        {
            return [start[sizeof(ulong)], .. ReadGrowing(stream, (int)length - 1, "the header")];
        }

        got += stream.ReadAtLeast(start.AsSpan(got), start.Length - got, throwOnEndOfStream: false);
        throw NotSafetensors(start.AsSpan(0, got), length);
    }

    /// <summary>What a stream seems to be whose first bytes cannot begin safetensors, and how to have them.</summary>
    private static FormatException NotSafetensors(ReadOnlySpan<byte> start, ulong length)
    {
        string found = FileKind.Of(start) is { } kind ? $"it seems to be {kind}"
            : start.Length <= sizeof(ulong) ? $"the stream ends after {start.Length} bytes"
            : length is > 0 and <= SafetensorsHeader.MaximumLength ? "the header does not start with '{'"
            : $"its first 8 bytes would be a header's length of {length}, allowed is 1 to {SafetensorsHeader.MaximumLength}";
        return new FormatException(
            $"Not safetensors: {found}. Weights are read in the safetensors format, which safetensors.torch.save_file(model.state_dict(), path)"
            + " writes in Python, and, from streams that can seek, as TorchSharp's Module.save writes them (.dat).");
    }

    /// <summary>Reads one tensor from the stream's position on.</summary>
    internal static Tensor ReadTensor(Stream stream, SafetensorsHeader.Entry entry, bool lengthIsKnown)
    {
        if (entry.End - entry.Begin > int.MaxValue)
        {
            throw new FormatException($"Tensor '{entry.Name}' has {entry.End - entry.Begin} bytes; tensors of up to {int.MaxValue} bytes are read.");
        }

        int length = (int)(entry.End - entry.Begin);
        byte[]? content = lengthIsKnown ? null : ReadGrowing(stream, length, $"tensor '{entry.Name}'");
        Tensor tensor = empty(entry.Shape, entry.Type.Type, CPU);
        try
        {
            if (length > 0)
            {
                Span<byte> target = tensor.bytes;
                if (content is null)
                {
                    stream.ReadExactly(target);
                }
                else
                {
                    content.CopyTo(target);
                }

                if (entry.Type.Type == ScalarType.Bool && target.ContainsAnyExceptInRange((byte)0, (byte)1))
                {
                    throw new FormatException($"Tensor '{entry.Name}' is BOOL and holds a byte that is neither 0 nor 1.");
                }
            }

            return tensor.DetachFromDisposeScope();
        }
        catch (EndOfStreamException error)
        {
            tensor.Dispose();
            throw new FormatException($"The stream ends within tensor '{entry.Name}'.", error);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static byte[] ReadGrowing(Stream stream, int length, string what)
        => GrowingReader.Read(stream, length, read => new FormatException($"The stream ends within {what}: {length} bytes expected, {read} found."));
}
