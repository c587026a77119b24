namespace RobustAttribution.MLNet;

/// <summary>What <see cref="DatasetArchive"/> extracts at most, so that a small archive cannot fill the disk.</summary>
public sealed record ArchiveLimits
{
    /// <summary>Bytes of all files together, at least 1. 32 GiB by default.</summary>
    public long TotalBytes { get; init => field = AtLeastOne(value, nameof(TotalBytes)); } = 32L << 30;

    /// <summary>Bytes of one file, at least 1. 8 GiB by default.</summary>
    public long FileBytes { get; init => field = AtLeastOne(value, nameof(FileBytes)); } = 8L << 30;

    /// <summary>Number of files and folders, at least 1. 2 million by default.</summary>
    public int Entries { get; init => field = Require.InRange(value, 1); } = 2_000_000;

    private static long AtLeastOne(long value, string name)
        => value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; allowed is a whole number of at least 1.");
}
