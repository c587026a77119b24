using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Networks;

/// <summary>
/// Reads what TorchSharp's <c>Module.save</c> writes (.dat): the number of tensors, then of each its name, type, number of dimensions, extents and
/// bytes. Whole numbers are in LEB128, the name is UTF-8 behind its length.
/// </summary>
/// <remarks>
/// <c>Module.load</c> reads the same, and changes the network as it goes; here nothing is changed or allocated before all names, shapes and lengths
/// are known to fit.
/// </remarks>
internal static class TorchSharpWeights
{
    private const int MostDimensions = 16, LongestName = 1024;

    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>Whether the rest of a stream begins so; its position stays.</summary>
    public static bool IsNext(Stream stream)
    {
        long position = stream.Position;
        Span<byte> start = stackalloc byte[FileKind.Needed];
        int got = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = position;
        return FileKind.Of(start[..got]) == FileKind.SavedByTorchSharp;
    }

    /// <summary>Names, types and shapes; the tensors' bytes are left out, but must be there.</summary>
    /// <param name="stream">Can seek; read from its position to its end.</param>
    /// <exception cref="FormatException">The stream is damaged; the message names the tensor.</exception>
    public static SafetensorsHeader ReadHeader(Stream stream)
    {
        long count = ReadNumber(stream) ?? throw Cut("the number of tensors");
        List<SafetensorsHeader.Entry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            SafetensorsHeader.Entry entry = ReadEntry(stream, i, count);
            entries.Add(names.Add(entry.Name) ? entry : throw new FormatException($"The name '{entry.Name}' is in the stream twice."));
            stream.Position = entry.End;
        }

        return stream.Position == stream.Length
            ? new SafetensorsHeader(entries, new Dictionary<string, string>())
            : throw new FormatException($"{stream.Length - stream.Position} bytes follow the last tensor '{entries.LastOrDefault()?.Name}'.");
    }

    /// <summary>Reads the tensors behind a header.</summary>
    /// <param name="stream">The stream that <see cref="ReadHeader"/> has read.</param>
    /// <param name="header">What it returned.</param>
    /// <returns>The tensors; owned by the caller.</returns>
    public static SafetensorsContent ReadTensors(Stream stream, SafetensorsHeader header)
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var content = new SafetensorsContent(tensors, header);
        try
        {
            foreach (SafetensorsHeader.Entry entry in header.Entries)
            {
                stream.Position = entry.Begin;
                tensors.Add(entry.Name, Safetensors.ReadTensor(stream, entry, lengthIsKnown: true));
            }

            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    private static SafetensorsHeader.Entry ReadEntry(Stream stream, long index, long count)
    {
        string place = $"tensor {index + 1} of {count}";
        string name = ReadName(stream, place);
        long type = ReadNumber(stream) ?? throw Cut($"tensor '{name}'");
        SafetensorsType known = TypeOf(type) ?? throw new FormatException(
            $"Tensor '{name}' is of type {(ScalarType)(sbyte)Math.Min(type, sbyte.MaxValue)}; allowed are {SafetensorsType.Allowed}.");
        long dimensions = ReadNumber(stream) ?? throw Cut($"tensor '{name}'");
        if (dimensions > MostDimensions)
        {
            throw new FormatException($"Tensor '{name}' has {dimensions} dimensions; allowed are at most {MostDimensions}.");
        }

        long[] shape = [.. Enumerable.Range(0, (int)dimensions).Select(_ => ReadNumber(stream) ?? throw Cut($"tensor '{name}'"))];
        long begin = stream.Position;
        return SafetensorsHeader.ByteLength(shape, known.Size) is { } length && length <= stream.Length - begin
            ? new SafetensorsHeader.Entry(name, known, shape, begin, begin + length)
            : throw new FormatException(
                $"Tensor '{name}' is {known.Type} [{string.Join(", ", shape)}], and {stream.Length - begin} bytes are left of the stream.");
    }

    private static string ReadName(Stream stream, string place)
    {
        long length = ReadNumber(stream) ?? throw Cut(place);
        if (length > LongestName)
        {
            throw new FormatException($"The name of {place} has {length} bytes; allowed are at most {LongestName}.");
        }

        byte[] name = new byte[length];
        try
        {
            stream.ReadExactly(name);
            return Strict.GetString(name);
        }
        catch (Exception error) when (error is EndOfStreamException or DecoderFallbackException)
        {
            throw error is EndOfStreamException ? Cut(place) : new FormatException($"The name of {place} is not UTF-8.", error);
        }
    }

    private static SafetensorsType? TypeOf(long number) => number <= sbyte.MaxValue ? SafetensorsType.Of((ScalarType)number) : null;

    /// <summary>A whole number in LEB128, of at most 63 bits; null where the stream ends before or within it.</summary>
    private static long? ReadNumber(Stream stream)
    {
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            int next = stream.ReadByte();
            if (next < 0)
            {
                return null;
            }

            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new FormatException($"A number at byte {stream.Position} of the stream takes more than 63 bits.");
    }

    private static FormatException Cut(string where) => new($"The stream ends within {where}.");
}
