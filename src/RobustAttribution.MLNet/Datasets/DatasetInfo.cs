namespace RobustAttribution.MLNet;

/// <summary>What is published about a dataset. See <see cref="KnownDatasets"/>.</summary>
public sealed record DatasetInfo
{
    /// <summary>The set's name.</summary>
    public required string Name { get; init; }

    /// <summary>Who published it, where and when.</summary>
    public required string Source { get; init; }

    /// <summary>Channels: 1 (grey) or 3 (red, green, blue).</summary>
    public required int Channels { get; init; }

    /// <summary>Height of all images in pixels; null where they differ.</summary>
    public int? Height { get; init; }

    /// <summary>Width of all images in pixels; null where they differ.</summary>
    public int? Width { get; init; }

    /// <summary>Images in the training part.</summary>
    public required int TrainCount { get; init; }

    /// <summary>Images in the test part.</summary>
    public required int TestCount { get; init; }

    /// <summary>Images in the part <see cref="DatasetSplit.Extra"/>; 0 for most.</summary>
    public int ExtraCount { get; init; }

    /// <summary>Number of classes.</summary>
    public required int ClassCount { get; init; }

    /// <summary>Names of the classes in the order of their numbers; empty where the names come with the files.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Mean of each channel over the training images, of values in 0…1.</summary>
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>Standard deviation of each channel over the training images, of values in 0…1.</summary>
    public required IReadOnlyList<double> StandardDeviation { get; init; }

    /// <summary>Where mean and standard deviation come from.</summary>
    public required string StatisticsSource { get; init; }

    /// <summary>The files to download; empty where the set is given out to registered users only.</summary>
    public IReadOnlyList<DatasetFile> Files { get; init; } = [];
}

/// <summary>A file of a published dataset.</summary>
/// <param name="Address">Where it can be downloaded.</param>
/// <param name="Md5">
/// Its MD5 checksum in lower-case hexadecimal, as its publisher or torchvision gives it; null where none is known for certain.
/// </param>
/// <param name="Sha256">Its SHA-256 checksum in lower-case hexadecimal; null where none is known for certain.</param>
/// <remarks>MD5 tells damage from accidents, not from attackers; it is what the publishers of these sets offer.</remarks>
public sealed record DatasetFile(Uri Address, string? Md5 = null, string? Sha256 = null)
{
    /// <summary>The file's name, the last part of its address.</summary>
    public string FileName => Uri.UnescapeDataString(Address.Segments[^1]);
}
