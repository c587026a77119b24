using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>
/// What one of several jobs measured, to be put together with that of the others: the figures are those of one job, to the last digit. Immutable.
/// </summary>
/// <remarks>
/// Made by <c>mlContext.MulticlassClassification.MeasureAttributionRobustness</c> and its siblings. Jobs are equal to the bit on machines of one
/// kind with one number of threads.
/// </remarks>
public sealed class MeasuredShard
{
    private const string Signature = "RobustAttribution shard 1";
    private const string Pattern = "shard-*-of-*.json.gz";

    internal static readonly JsonSerializerOptions Format = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // undefined similarities
        IncludeFields = true, // pairs
    };

    internal MeasuredShard(Shard shard, long rowCount, IReadOnlyList<ShardSetting> settings, IReadOnlyList<ShardBatch> batches)
        => (Shard, RowCount, Settings, Batches) = (shard, rowCount, settings, batches);

    /// <summary>Which one it is.</summary>
    public Shard Shard { get; }

    /// <summary>Rows of the whole view.</summary>
    internal long RowCount { get; }

    /// <summary>What was measured, and how: the same for all shards that belong together.</summary>
    internal IReadOnlyList<ShardSetting> Settings { get; }

    internal IReadOnlyList<ShardBatch> Batches { get; }

    /// <summary>
    /// Writes it into a folder, as "shard-3-of-8.json.gz" for the shard 3/8. A file of that name is replaced when the new one is complete.
    /// </summary>
    /// <param name="folder">Where to; is made where it is missing.</param>
    /// <returns>The path of the file.</returns>
    public string Save(string folder)
    {
        Directory.CreateDirectory(Require.NotNull(folder, nameof(folder)));
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"shard-{Shard.Index}-of-{Shard.Count}.json.gz"));
        string temporary = path + ".part";
        using (FileStream file = File.Create(temporary))
        {
            Save(file);
        }

        File.Move(temporary, path, overwrite: true);
        return path;
    }

    /// <summary>Writes it to a stream: gzip, JSON with a SHA-256.</summary>
    /// <param name="stream">Where to; stays open.</param>
    public void Save(Stream stream)
    {
        Require.NotNull(stream, nameof(stream));
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(new Content(Shard.ToString(), RowCount, Settings, Batches), Format);
        using var zip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
        using var writer = new BinaryWriter(zip);
        writer.Write(Signature);
        writer.Write(SHA256.HashData(content));
        writer.Write(content);
    }

    /// <summary>Reads what <see cref="Save(Stream)"/> wrote.</summary>
    /// <param name="stream">Where from; stays open.</param>
    /// <exception cref="FormatException">It is something else, or damaged.</exception>
    public static MeasuredShard Load(Stream stream) => Load(Require.NotNull(stream, nameof(stream)), "The stream");

    /// <summary>Reads every shard of a folder.</summary>
    /// <param name="folder">What <see cref="Save(string)"/> wrote to.</param>
    /// <exception cref="FormatException">A file is something else, or damaged; the message names it.</exception>
    /// <exception cref="FileNotFoundException">The folder has no shard.</exception>
    public static IReadOnlyList<MeasuredShard> LoadAll(string folder)
    {
        string[] paths = Directory.Exists(Require.NotNull(folder, nameof(folder))) ? Directory.GetFiles(folder, Pattern) : [];
        return paths.Length == 0
            ? throw new FileNotFoundException($"Folder '{folder}' has no file {Pattern}; MeasuredShard.Save writes them.", folder)
            : [.. paths.Order(StringComparer.Ordinal).Select(Read)];

        static MeasuredShard Read(string path)
        {
            using FileStream file = File.OpenRead(path);
            return Load(file, $"File '{path}'");
        }
    }

    /// <summary>The batches of shards that belong together, in the order of one job.</summary>
    /// <param name="shards">Each shard once.</param>
    /// <param name="settings">What they must have been measured with.</param>
    /// <exception cref="ArgumentException">One is missing, there twice, or was measured in another way; the message names it.</exception>
    internal static IReadOnlyList<ShardBatch> Together(IReadOnlyList<MeasuredShard> shards, IReadOnlyList<ShardSetting> settings)
    {
        if (shards.Count == 0)
        {
            throw new ArgumentException("shards is empty; every shard is needed.", nameof(shards));
        }

        int count = shards[0].Shard.Count;
        foreach (MeasuredShard shard in shards)
        {
            if (shard.Shard.Count != count)
            {
                throw new ArgumentException($"Shards {shards[0].Shard} and {shard.Shard} are of two divisions; all must be of one.", nameof(shards));
            }

            if (shard.RowCount != shards[0].RowCount)
            {
                throw new ArgumentException(
                    $"Shard {shard.Shard} is of a view with {shard.RowCount} rows, shard {shards[0].Shard} of one with {shards[0].RowCount};"
                    + " all must see the same.",
                    nameof(shards));
            }

            foreach ((int i, ShardSetting expected) in settings.Index())
            {
                ShardSetting? found = shard.Settings.ElementAtOrDefault(i);
                if (found != expected)
                {
                    throw new ArgumentException(
                        $"Shard {shard.Shard} was measured with another value of '{expected.Name}':"
                        + $" {Text(found?.Name == expected.Name ? found.Value : string.Empty)}; here it is {Text(expected.Value)}. All jobs and"
                        + " the merge take the same models, rows and options.",
                        nameof(shards));
                }
            }

            if (shard.Settings.Count > settings.Count)
            {
                ShardSetting surplus = shard.Settings[settings.Count];
                throw new ArgumentException(
                    $"Shard {shard.Shard} was measured with {surplus.Name} {surplus.Value}; here there is none.", nameof(shards));
            }
        }

        ILookup<int, MeasuredShard> byIndex = shards.ToLookup(shard => shard.Shard.Index);
        if (byIndex.FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Shard {new Shard(twice.Key, count)} is there {twice.Count()} times; each counts once.", nameof(shards));
        }

        string[] missing =
            [.. Enumerable.Range(0, count).Where(index => !byIndex.Contains(index)).Select(index => new Shard(index, count).ToString())];
        return missing.Length > 0
            ? throw new ArgumentException(
                $"{(missing.Length == 1 ? "Shard" : "Shards")} {string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing; measure"
                + $" {(missing.Length == 1 ? "it" : "them")} alone and put all together again.",
                nameof(shards))
            : [.. shards.SelectMany(shard => shard.Batches).OrderBy(batch => batch.Model).ThenBy(batch => batch.Batch)];
    }

    /// <summary>Throws unless the shards are of views with as many rows.</summary>
    /// <exception cref="ArgumentException">One is not; the message has both counts.</exception>
    internal static void RequireRows(IReadOnlyList<MeasuredShard> shards, long rows)
    {
        if (shards.FirstOrDefault(shard => shard.RowCount != rows) is { } other)
        {
            throw new ArgumentException(
                $"Shard {other.Shard} is of a view with {other.RowCount} rows; here there are {rows}. All must see the same.", nameof(shards));
        }
    }

    private static string Text(string value) => value.Length == 0 ? "none" : value;

    private static MeasuredShard Load(Stream stream, string name)
    {
        try
        {
            using var zip = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
            using var reader = new BinaryReader(zip);
            if (reader.ReadString() != Signature)
            {
                throw new FormatException($"{name} is no shard that this version wrote.");
            }

            byte[] hash = reader.ReadBytes(SHA256.HashSizeInBytes);
            using var rest = new MemoryStream();
            zip.CopyTo(rest);
            byte[] content = rest.ToArray();
            Content read = SHA256.HashData(content).AsSpan().SequenceEqual(hash)
                ? JsonSerializer.Deserialize<Content>(content, Format)!
                : throw new FormatException($"{name} is a damaged shard: its SHA-256 is not the one it was written with. Measure it again.");
            return new MeasuredShard(Shard.Parse(read.Shard), read.RowCount, read.Settings, read.Batches);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or JsonException or ArgumentException)
        {
            throw new FormatException($"{name} is no shard, or a damaged one: {exception.Message}", exception);
        }
    }

    private sealed record Content(string Shard, long RowCount, IReadOnlyList<ShardSetting> Settings, IReadOnlyList<ShardBatch> Batches);
}

/// <summary>A part of how something was measured.</summary>
internal sealed record ShardSetting(string Name, string Value);

/// <summary>What one batch gave.</summary>
/// <param name="Model">The model, from 0.</param>
/// <param name="Batch">The batch of the whole view, from 0.</param>
/// <param name="Result">As JSON.</param>
internal sealed record ShardBatch(int Model, long Batch, JsonElement Result)
{
    /// <summary>SHA-256 of its images and labels; null where the settings have that of all images.</summary>
    public string? Images { get; init; }

    public static ShardBatch Of<T>(int model, long batch, T result)
        => new(model, batch, JsonSerializer.SerializeToElement(result, MeasuredShard.Format));

    public T Read<T>() => Result.Deserialize<T>(MeasuredShard.Format)!;
}
