using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using RobustAttribution.MLNet.Datasets;

namespace RobustAttribution.MLNet;

/// <summary>How <see cref="DatasetDownloader"/> works. Each option checks its value when it is set.</summary>
public sealed record DatasetDownloaderOptions
{
    /// <summary>The proxy; null, the default, takes the system's: that of HTTP_PROXY, HTTPS_PROXY and NO_PROXY where they are set.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>How often a broken download is started again, at least 0. 2 by default.</summary>
    public int Retries { get; init => field = Require.InRange(value, 0); } = 2;

    /// <summary>Pause before the first retry, at least 0; it doubles with each. 1 second by default.</summary>
    public TimeSpan RetryDelay { get; init => field = TimeSpan.FromSeconds(Require.NonNegative(value.TotalSeconds)); } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest time above 0 for the server to answer, and for each 64 KiB that it sends; a slower download counts as broken. 1 minute by
    /// default.
    /// </summary>
    public TimeSpan Timeout { get; init => field = TimeSpan.FromSeconds(Require.Positive(value.TotalSeconds)); } = TimeSpan.FromMinutes(1);

    /// <summary>The largest file taken, in bytes, at least 1. 8 GiB by default.</summary>
    public long MaximumBytes
    {
        get;
        init => field = value >= 1 ? value : throw new ArgumentOutOfRangeException(
            nameof(MaximumBytes), value, $"MaximumBytes is {value}; allowed is a whole number of at least 1.");
    }

    = 8L << 30;
}

/// <summary>How far a download is.</summary>
/// <param name="FileName">The file.</param>
/// <param name="Received">Bytes that have come.</param>
/// <param name="Total">Bytes of the whole file; null where the server does not say.</param>
public readonly record struct DownloadProgress(string FileName, long Received, long? Total);

/// <summary>
/// Downloads the files of published datasets and checks their checksums. A file is called NAME.part while it comes, and gets its name in one step
/// when it is whole and right.
/// </summary>
public sealed class DatasetDownloader : IDisposable
{
    internal const int Piece = 1 << 16;
    internal const int MaximumRedirects = 10;
    private readonly DatasetDownloaderOptions options;
    private readonly HttpClient client;

    /// <summary>Makes a downloader.</summary>
    /// <param name="options">How it works; the defaults where null.</param>
    public DatasetDownloader(DatasetDownloaderOptions? options = null)
    {
        this.options = options ?? new();
        var handler = new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, AllowAutoRedirect = false };
        if (this.options.Proxy is { } proxy)
        {
            handler.Proxy = proxy;
        }

        client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>Downloads all files of a dataset; archives among them (.zip, .tar.gz, .tgz) are extracted into folders of their names.</summary>
    /// <param name="set">The dataset.</param>
    /// <param name="folder">Where to; made where it does not exist. Afterwards it is what the loader of the set takes.</param>
    /// <param name="progress">Called after every 64 KiB; null for nobody.</param>
    /// <param name="cancellationToken">Stops; files that are whole stay.</param>
    /// <exception cref="ArgumentException">The set has no public files.</exception>
    /// <exception cref="InvalidDataException">
    /// A checksum is wrong, or an archive is damaged, too large, or has entries that do not belong into a dataset.
    /// </exception>
    public async Task FetchAsync(
        DatasetInfo set, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (set.Files.Count == 0)
        {
            throw new ArgumentException($"{set.Name} has no public files; its publisher gives it to registered users.", nameof(set));
        }

        foreach (DatasetFile file in set.Files)
        {
            string path = await DownloadAsync(file, folder, progress, cancellationToken).ConfigureAwait(false);
            if (DatasetArchive.FolderName(path) is { } name && !Directory.Exists(Path.Combine(folder, name)))
            {
                string inner = Path.Combine(folder, name);
                await Task.Run(() => DatasetArchive.Extract(path, inner, null, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Downloads one file, unless it is there with the right checksum.</summary>
    /// <param name="file">Address and checksums.</param>
    /// <param name="folder">Where to; made where it does not exist.</param>
    /// <param name="progress">Called after every 64 KiB; null for nobody.</param>
    /// <param name="cancellationToken">Stops; nothing stays.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="ArgumentException">The address is not of http or https, or names no file.</exception>
    /// <exception cref="HttpRequestException">
    /// The server refuses, sends something else than the whole file, or cannot be reached in all attempts.
    /// </exception>
    /// <exception cref="InvalidDataException">The checksum is wrong, or the file is larger than allowed.</exception>
    /// <exception cref="IOException">
    /// The file cannot be written, another program downloads it, or the connection broke or was too slow in all attempts.
    /// </exception>
    public async Task<string> DownloadAsync(
        DatasetFile file, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(folder);
        string name = IsWeb(file.Address) ? file.FileName : string.Empty;
        if (name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\\', '\0'))
        {
            throw new ArgumentException(
                $"The address is {file.Address}; allowed are http and https addresses that end in a file's name.", nameof(file));
        }

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, name);
        if (File.Exists(path))
        {
            await using FileStream found = File.OpenRead(path);
            if (await ChecksumErrorAsync(file, found, cancellationToken).ConfigureAwait(false) is null)
            {
                return path;
            }
        }

        string part = path + ".part";
        var target = new FileStream(part, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        try
        {
            await using (target)
            {
                await ReceiveAsync(file, target, progress, cancellationToken).ConfigureAwait(false);
                if (await ChecksumErrorAsync(file, target, cancellationToken).ConfigureAwait(false) is { } wrong)
                {
                    throw new InvalidDataException($"{file.Address}: {wrong}");
                }

                target.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
            return path;
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => client.Dispose();

    private static bool IsWeb(Uri address) => address.IsAbsoluteUri && address.Scheme is "http" or "https";

    /// <summary>What is wrong with a file's checksums; null where nothing is.</summary>
    private static async Task<string?> ChecksumErrorAsync(DatasetFile file, FileStream stream, CancellationToken cancellationToken)
    {
#pragma warning disable CA5351 // MD5 is what the publishers offer; against accidents only, as DatasetFile says
        (string Kind, string? Expected, Func<ValueTask<byte[]>> Hash)[] checks =
        [
            ("SHA-256", file.Sha256, () => SHA256.HashDataAsync(stream, cancellationToken)),
            ("MD5", file.Md5, () => MD5.HashDataAsync(stream, cancellationToken)),
        ];
#pragma warning restore CA5351
        foreach ((string kind, string? expected, Func<ValueTask<byte[]>> hash) in checks.Where(check => check.Expected is not null))
        {
            stream.Position = 0;
            string found = Convert.ToHexStringLower(await hash().ConfigureAwait(false));
            if (!found.Equals(expected, StringComparison.OrdinalIgnoreCase))
            {
                return $"expected the {kind} checksum {expected}, found {found}.";
            }
        }

        return null;
    }

    /// <summary>
    /// Whether it may go better next time: a broken or slow connection or a server's trouble, but not a refusal and not a full disk.
    /// </summary>
    private static bool IsPassing(Exception error) => error switch
    {
        HttpRequestException { StatusCode: { } status }
            => (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
        HttpRequestException or HttpIOException or OperationCanceledException or IOException { InnerException: SocketException } => true,
        _ => false,
    };

    private async Task ReceiveAsync(DatasetFile file, FileStream target, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        TimeSpan pause = options.RetryDelay;
        for (int attempt = 0; ; attempt++, pause *= 2)
        {
            using var slow = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                await ReceiveOnceAsync(file, target, progress, slow).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException error) when (attempt >= options.Retries && !cancellationToken.IsCancellationRequested)
            {
                throw new IOException(
                    $"{file.Address}: the server was silent or sent less than {Piece:N0} bytes for {options.Timeout} (Timeout).", error);
            }
            catch (Exception error) when (attempt < options.Retries && !cancellationToken.IsCancellationRequested && IsPassing(error))
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ReceiveOnceAsync(DatasetFile file, FileStream target, IProgress<DownloadProgress>? progress, CancellationTokenSource slow)
    {
        slow.CancelAfter(options.Timeout);
        using HttpResponseMessage response = await GetAsync(file.Address, slow.Token).ConfigureAwait(false);
        long? total = response.Content.Headers.ContentLength;
        CheckSize(total ?? 0);
        await using Stream source = await response.Content.ReadAsStreamAsync(slow.Token).ConfigureAwait(false);
        target.SetLength(0);
        byte[] piece = new byte[Piece];
        int got;
        do
        {
            slow.CancelAfter(options.Timeout);
            got = await source.ReadAtLeastAsync(piece, Piece, throwOnEndOfStream: false, slow.Token).ConfigureAwait(false);
            CheckSize(target.Length + got);
            await target.WriteAsync(piece.AsMemory(0, got), slow.Token).ConfigureAwait(false);
            progress?.Report(new DownloadProgress(file.FileName, target.Length, total));
        }
        while (got == Piece);

        void CheckSize(long bytes)
        {
            if (bytes > options.MaximumBytes)
            {
                throw new InvalidDataException($"{file.Address}: expected at most {options.MaximumBytes} bytes (MaximumBytes), found {bytes}.");
            }
        }
    }

    /// <summary>The answer 200 with the whole file, after redirects.</summary>
    private async Task<HttpResponseMessage> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        Uri at = address;
        for (int redirects = 0; ; redirects++)
        {
            const HttpCompletionOption Headers = HttpCompletionOption.ResponseHeadersRead;
            HttpResponseMessage response = await client.GetAsync(at, Headers, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return response;
            }

            using (response)
            {
                string? location = response.Headers.TryGetValues("Location", out IEnumerable<string>? values) ? values.First() : null;
                if (location is null || (int)response.StatusCode is not (301 or 302 or 303 or 307 or 308))
                {
                    throw new HttpRequestException(
                        $"{address}: the server answers {(int)response.StatusCode} ({response.ReasonPhrase}).", null, response.StatusCode);
                }

                // On Unix a path alone would count as the address of a file.
                UriKind kind = location.StartsWith('/') ? UriKind.Relative : UriKind.RelativeOrAbsolute;
                bool valid = Uri.TryCreate(location, kind, out Uri? named) && Uri.TryCreate(at, named, out named) && IsWeb(named);
                if (!valid || (at.Scheme == "https" && named!.Scheme == "http") || redirects == MaximumRedirects)
                {
                    throw new HttpRequestException(
                        $"{address}: the server redirects to '{location}'; allowed are {MaximumRedirects} redirects, to http and https addresses "
                        + "and never from https to http.",
                        null,
                        response.StatusCode);
                }

                at = named!;
            }
        }
    }
}
