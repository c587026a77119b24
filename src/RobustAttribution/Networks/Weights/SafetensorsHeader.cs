using System.Text;
using System.Text.Json;

namespace RobustAttribution.Networks;

/// <summary>The JSON part of a safetensors stream, checked: every entry's bytes are inside the data, without overlaps or gaps.</summary>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsHeader.Entry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The longest header that is read, as in the reference implementation.</summary>
    public const int MaximumLength = 100_000_000;

    public const string MetadataName = "__metadata__";

    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>One tensor; its bytes are [Begin, End) of the data.</summary>
    public sealed record Entry(string Name, SafetensorsType Type, long[] Shape, long Begin, long End);

    /// <summary>Bytes of all tensors together.</summary>
    public long DataLength => Entries.Count == 0 ? 0 : Entries[^1].End;

    /// <summary>Parses and checks a header.</summary>
    /// <exception cref="FormatException">Something is wrong with it; the message names the tensor.</exception>
    public static SafetensorsHeader Parse(byte[] utf8)
    {
        try
        {
            string json = Strict.GetString(utf8);
            using JsonDocument document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (Exception error) when (error is DecoderFallbackException or JsonException or InvalidOperationException)
        {
            throw new FormatException($"Not safetensors: the header is not valid JSON text. {error.Message}", error);
        }
    }

    private static SafetensorsHeader Parse(JsonElement root)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!names.Add(property.Name))
            {
                throw new FormatException($"The name '{property.Name}' is in the header twice.");
            }

            if (property.Name == MetadataName)
            {
                ReadMetadata(property.Value, metadata);
            }
            else
            {
                entries.Add(ReadEntry(property.Name, property.Value));
            }
        }

        return new SafetensorsHeader(InOrder(entries), metadata);
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{MetadataName} is {value.ValueKind}; allowed is an object of strings.");
        }

        foreach (JsonProperty pair in value.EnumerateObject())
        {
            if (pair.Value.ValueKind != JsonValueKind.String || !metadata.TryAdd(pair.Name, pair.Value.GetString()!))
            {
                throw new FormatException($"{MetadataName} '{pair.Name}' is no string, or is there twice.");
            }
        }
    }

    private static Entry ReadEntry(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"Tensor '{name}': its entry is {value.ValueKind}; allowed is an object with dtype, shape and data_offsets.");
        }

        JsonProperty[] properties = [.. value.EnumerateObject()];
        string[] found = [.. properties.Select(property => property.Name).Order(StringComparer.Ordinal)];
        if (!found.SequenceEqual(["data_offsets", "dtype", "shape"]))
        {
            throw new FormatException(
                $"Tensor '{name}': its entry has the properties {string.Join(", ", found)}; allowed are dtype, shape and data_offsets, once each.");
        }

        JsonElement dtype = value.GetProperty("dtype");
        SafetensorsType type = (dtype.ValueKind == JsonValueKind.String ? SafetensorsType.Named(dtype.GetString()!) : null)
            ?? throw new FormatException($"Tensor '{name}': dtype is {dtype.GetRawText()}; allowed are {SafetensorsType.Allowed}.");
        long[] shape = Integers(name, "shape", value.GetProperty("shape"));
        long[] offsets = Integers(name, "data_offsets", value.GetProperty("data_offsets"));
        if (offsets.Length != 2 || offsets[0] > offsets[1])
        {
            throw new FormatException(
                $"Tensor '{name}': data_offsets is [{string.Join(", ", offsets)}]; allowed are two numbers, the first not above the second.");
        }

        if (ByteLength(shape, type.Size) is not { } length || length != offsets[1] - offsets[0])
        {
            throw new FormatException(
                $"Tensor '{name}': {type.Name} of shape [{string.Join(", ", shape)}] does not take the {offsets[1] - offsets[0]} bytes "
                + "of its data_offsets.");
        }

        return new Entry(name, type, shape, offsets[0], offsets[1]);
    }

    private static long[] Integers(string name, string property, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsCount))
        {
            return [.. value.EnumerateArray().Select(item => item.GetInt64())];
        }

        throw new FormatException($"Tensor '{name}': {property} is {value.GetRawText()}; allowed is a list of whole numbers of at least 0.");

        static bool IsCount(JsonElement item) => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) && number >= 0;
    }

    /// <summary>Bytes of a tensor; null where the product of its extents, zeros left out, does not fit in 63 bits.</summary>
    internal static long? ByteLength(long[] shape, int size)
    {
        Int128 length = size;
        foreach (long extent in shape)
        {
            length *= Math.Max(extent, 1);
            if (length > long.MaxValue)
            {
                return null;
            }
        }

        return shape.Contains(0) ? 0 : (long)length;
    }

    private static List<Entry> InOrder(List<Entry> entries)
    {
        List<Entry> ordered = [.. entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End)];
        long position = 0;
        string former = "the beginning of the data";
        foreach (Entry entry in ordered)
        {
            if (entry.Begin != position)
            {
                throw new FormatException(entry.Begin < position
                    ? $"Tensor '{entry.Name}' starts at byte {entry.Begin} and overlaps {former}, which ends at byte {position}."
                    : $"Tensor '{entry.Name}' starts at byte {entry.Begin}; {former} ends at byte {position}, and safetensors has no gaps.");
            }

            (position, former) = (entry.End, $"tensor '{entry.Name}'");
        }

        return ordered;
    }
}
