using System.Text.Json;
using System.Text.Json.Nodes;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Options, network and images of a training as JSON; a checkpoint is resumed where they are equal.</summary>
internal static class TrainingFingerprint
{
    private const int ReportedDifferences = 5;

    // Where an option is called otherwise in the files.
    private static readonly (string Path, string Option)[] Renamed =
        [("options.headPrefix", "options.headModule"), ("options.frozenPrefixes", "options.frozenModules")];

    /// <summary>The fingerprint of a training.</summary>
    /// <remarks>The images count with their number and the contents of their first batch, which costs reading that batch once.</remarks>
    public static string Of(TrainingOptions options, ImageNetwork network, IImageBatchSource training, IImageBatchSource? validation)
    {
        int batchSize = options.BatchSizeFor(training.Count);
        var fingerprint = new JsonObject
        {
            ["options"] = JsonNode.Parse(ComponentJson.Write<TrainingOptions>(
                options with
                {
                    BatchSize = batchSize, Seed = options.Seed ?? 0, Checkpoints = null, ProgressInterval = TimeSpan.Zero,
                })),
            ["identity"] = options.Checkpoints?.Identity,
            ["network"] = Describe(network),
            ["training"] = Describe(training, batchSize),
            ["validation"] = validation is null ? null : Describe(validation, batchSize),
        };
        return fingerprint.ToJsonString();
    }

    /// <summary>How two fingerprints differ, in words; empty if they do not.</summary>
    public static string Difference(string then, string now)
    {
        SortedDictionary<string, string> former = Leaves(then);
        SortedDictionary<string, string> current = Leaves(now);
        string[] all =
        [
            .. former.Keys.Union(current.Keys)
                .Where(path => former.GetValueOrDefault(path) != current.GetValueOrDefault(path))
                .Select(path => $"{Called(path)} was {former.GetValueOrDefault(path, "absent")} and is {current.GetValueOrDefault(path, "absent")}"),
        ];
        string rest = all.Length > ReportedDifferences ? $"; and {all.Length - ReportedDifferences} more" : string.Empty;
        return string.Join("; ", all.Take(ReportedDifferences)) + rest;
    }

    private static string Called(string path) => Array.Find(Renamed, entry => entry.Path == path).Option ?? path;

    private static JsonObject Describe(ImageNetwork network)
    {
        var weights = new JsonObject();
        foreach ((string name, Tensor value) in WeightSnapshot.Of(network))
        {
            weights[name] = string.Join('×', value.shape);
        }

        return new JsonObject
        {
            ["device"] = network.Device.type.ToString(),
            ["dataType"] = network.DataType.ToString(),
            ["activation"] = network.Activation?.ToString(),
            ["input"] = JsonNode.Parse(ComponentJson.Write(network.Input)),
            ["weights"] = weights,
        };
    }

    private static JsonObject Describe(IImageBatchSource source, int batchSize)
        => new() { ["count"] = source.Count, ["firstBatch"] = TrainingFacts.HashOf(source.Read(batchSize).FirstOrDefault()) };

    /// <summary>The values of a JSON text by their paths.</summary>
    private static SortedDictionary<string, string> Leaves(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new(Leaves(document.RootElement, string.Empty).ToDictionary(), StringComparer.Ordinal);
    }

    private static IEnumerable<KeyValuePair<string, string>> Leaves(JsonElement element, string path) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject()
            .SelectMany(property => Leaves(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}")),
        JsonValueKind.Array => [KeyValuePair.Create(path, element.GetRawText())],
        _ => [KeyValuePair.Create(path, element.ToString())],
    };
}
