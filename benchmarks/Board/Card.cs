using System.Text.Json;
using System.Text.Json.Serialization;

namespace RobustAttribution.Benchmarks;

/// <summary>Everything that is known of one model: what it is, how it was made, what was measured.</summary>
internal sealed record Card
{
    public required string Setting { get; init; }

    public required string Method { get; init; }

    public required string Weights { get; init; }

    public required string Network { get; init; }

    public required int Seed { get; init; }

    public required TrainedEntry Training { get; init; }

    /// <summary>Library, TorchSharp, libtorch.</summary>
    public required string Versions { get; init; }

    /// <summary>Of all test images.</summary>
    public double? Accuracy { get; init; }

    /// <summary>By protocol.</summary>
    public IReadOnlyDictionary<string, ProtocolResult> Protocols { get; init; } = new Dictionary<string, ProtocolResult>();

    /// <summary>By curve: the area of each image, as a share of the probability of the whole image.</summary>
    public IReadOnlyDictionary<string, double?[]> Curves { get; init; } = new Dictionary<string, double?[]>();

    /// <summary>By measure: the similarity of each image's map to that of the next image with another predicted class.</summary>
    public IReadOnlyDictionary<string, double?[]> OtherClass { get; init; } = new Dictionary<string, double?[]>();
}

/// <summary>What one protocol measured.</summary>
/// <param name="Attack">With all options.</param>
/// <param name="Images">Images attacked.</param>
/// <param name="Counted">Images that count in the protocol.</param>
/// <param name="Valid">Images that count and have a valid attacked copy.</param>
/// <param name="Unchanged">Valid images on which the attack improved nothing.</param>
/// <param name="ProcessorSeconds">Of the measurement.</param>
/// <param name="Similarities">By measure: each image's value, null where it does not count or has none.</param>
internal sealed record ProtocolResult(
    JsonElement Attack, int Images, int Counted, int Valid, int Unchanged, double ProcessorSeconds, IReadOnlyDictionary<string, double?[]> Similarities)
{
    /// <summary>By measure: the similarity of each image's map to that of the next image with the same predicted class.</summary>
    public IReadOnlyDictionary<string, double?[]> Others { get; init; } = new Dictionary<string, double?[]>();

    /// <summary>By control map, then by measure: its values under the same attacked images.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, double?[]>> Controls { get; init; } = new Dictionary<string, Dictionary<string, double?[]>>();

    /// <summary>By attack of an ensemble: the mean of the first measure that it reached alone.</summary>
    public IReadOnlyDictionary<string, double?> Alone { get; init; } = new Dictionary<string, double?>();

    /// <summary>The mean of the first measure after each restart of an ensemble.</summary>
    public double?[] Restarts { get; init; } = [];

    /// <summary>What the analysers say of the result.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];
}

/// <summary>The cards, one file each.</summary>
/// <param name="folder">Where they are kept.</param>
internal sealed class Cards(string folder)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Converters = { new ValuesConverter() },
    };

    public Card? Find(Entry entry) => File.Exists(PathOf(entry)) ? Read(PathOf(entry)) : null;

    public IEnumerable<Card> All()
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(Read) : [];

    public void Save(Entry entry, Card card)
    {
        Directory.CreateDirectory(folder);
        string part = $"{PathOf(entry)}.{Environment.ProcessId}.part";
        File.WriteAllText(part, JsonSerializer.Serialize(card, Format) + "\n");
        File.Move(part, PathOf(entry), overwrite: true);
    }

    /// <summary>Does some work on an entry unless another process does; a process that died holds nothing.</summary>
    public bool Claim(Entry entry, Action work)
    {
        Directory.CreateDirectory(folder);
        try
        {
            using var claim = new FileStream(
                Path.ChangeExtension(PathOf(entry), ".lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            work();
            return true;
        }
        catch (IOException) when (File.Exists(Path.ChangeExtension(PathOf(entry), ".lock")))
        {
            return false;
        }
    }

    private static Card Read(string path) => JsonSerializer.Deserialize<Card>(File.ReadAllText(path), Format)!;

    private string PathOf(Entry entry) => Path.Combine(folder, $"{entry.Name}.json");

    /// <summary>Values of images on one line, with five digits.</summary>
    private sealed class ValuesConverter : JsonConverter<double?[]>
    {
        public override double?[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => [.. JsonSerializer.Deserialize<List<double?>>(ref reader)!];

        public override void Write(Utf8JsonWriter writer, double?[] value, JsonSerializerOptions options)
            => writer.WriteRawValue(JsonSerializer.Serialize(Array.ConvertAll(value, number => number is { } known ? Math.Round(known, 5) : (double?)null)));
    }
}
