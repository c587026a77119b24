using System.Net;

namespace RobustAttribution.MLNet;

/// <summary>How <see cref="DatasetDownloader"/> works. Each option checks its value when it is set.</summary>
public sealed record DatasetDownloaderOptions
{
    /// <summary>The proxy; null, the default, takes the system's: that of HTTP_PROXY, HTTPS_PROXY and NO_PROXY where they are set.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>How often a broken download is taken up again, at least 0. 5 by default.</summary>
    public int Retries { get; init => field = Require.InRange(value, 0); } = 5;

    /// <summary>Pause before the first retry; it doubles with each. 1 second by default.</summary>
    public TimeSpan RetryDelay { get; init => field = NotNegative(value, nameof(RetryDelay)); } = TimeSpan.FromSeconds(1);

    /// <summary>The longest silence of the server, after which the download counts as broken. 1 minute by default.</summary>
    public TimeSpan Timeout { get; init => field = value > TimeSpan.Zero ? value : throw Outside(value, nameof(Timeout), "above 0"); } = TimeSpan.FromMinutes(1);

    /// <summary>The largest file taken, in bytes, at least 1. 8 GiB by default.</summary>
    public long MaximumBytes { get; init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaximumBytes), value, $"MaximumBytes is {value}; allowed is a whole number of at least 1."); } = 8L << 30;

    private static TimeSpan NotNegative(TimeSpan value, string name) => value >= TimeSpan.Zero ? value : throw Outside(value, name, "of at least 0");

    private static ArgumentOutOfRangeException Outside(TimeSpan value, string name, string allowed)
        => new(name, value, $"{name} is {value}; allowed is a time {allowed}.");
}
