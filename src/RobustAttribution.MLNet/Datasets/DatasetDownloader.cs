using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace RobustAttribution.MLNet;

/// <summary>Downloads the files of published datasets: takes up broken downloads where they broke, checks checksums, and never leaves a half file under its name.</summary>
/// <remarks>
/// While a file comes it is called NAME.part, beside NAME.part.version that says which version of it the server sent. Only when all its bytes are there and its checksum is right
/// does it get its name, in one step. Programs that download the same file into the same folder exclude each other.
/// </remarks>
public sealed class DatasetDownloader : IDisposable
{
    private readonly DatasetDownloaderOptions options;
    private readonly HttpClient client;

    /// <summary>Makes a downloader.</summary>
    /// <param name="options">How it works; the defaults where null.</param>
    public DatasetDownloader(DatasetDownloaderOptions? options = null)
    {
        this.options = options ?? new();
        var handler = new SocketsHttpHandler { ConnectTimeout = this.options.Timeout, AutomaticDecompression = DecompressionMethods.None };
        if (this.options.Proxy is { } proxy)
        {
            handler.Proxy = proxy;
        }

        client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>Downloads all files of a dataset; archives among them (.zip, .tar.gz, .tgz) are extracted into folders of their names.</summary>
    /// <param name="set">The dataset.</param>
    /// <param name="folder">Where to; made where it does not exist. Afterwards it is what the loader of the set takes.</param>
    /// <param name="progress">Told about every piece; null for nobody.</param>
    /// <param name="cancellationToken">Stops; what has come stays for the next time.</param>
    /// <exception cref="ArgumentException">The set has no public files.</exception>
    public async Task FetchAsync(DatasetInfo set, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
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
                await Task.Run(() => DatasetArchive.Extract(path, Path.Combine(folder, name), cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Downloads one file, unless it is there with the right checksum.</summary>
    /// <param name="file">Address and checksums.</param>
    /// <param name="folder">Where to; made where it does not exist.</param>
    /// <param name="progress">Told about every piece; null for nobody.</param>
    /// <param name="cancellationToken">Stops; what has come stays for the next time.</param>
    /// <returns>The path of the file.</returns>
    /// <exception cref="HttpRequestException">The server refuses, or cannot be reached in all attempts.</exception>
    /// <exception cref="InvalidDataException">The checksum is wrong (the bytes are thrown away), or the file is larger than allowed.</exception>
    /// <exception cref="IOException">The file cannot be written, another program downloads it, or the connection broke in all attempts.</exception>
    public async Task<string> DownloadAsync(DatasetFile file, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(folder);
        if (file.Address.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"The address is {file.Address}; allowed are http and https.", nameof(file));
        }

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Path.GetFileName(file.FileName));
        if (File.Exists(path) && await ChecksumErrorAsync(file, path, cancellationToken).ConfigureAwait(false) is null)
        {
            return path;
        }

        string part = path + ".part";
        string versionPath = part + ".version";
        await using (var target = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            bool resumed = await ReceiveAsync(file, target, versionPath, progress, cancellationToken).ConfigureAwait(false);
            string? wrong = await ChecksumErrorAsync(file, target, cancellationToken).ConfigureAwait(false);
            if (wrong is not null && resumed)
            {
                Restart(target, versionPath); // the first bytes may be of another version: once more from the start
                await ReceiveAsync(file, target, versionPath, progress, cancellationToken).ConfigureAwait(false);
                wrong = await ChecksumErrorAsync(file, target, cancellationToken).ConfigureAwait(false);
            }

            if (wrong is not null)
            {
                Restart(target, versionPath);
                throw new InvalidDataException($"{file.Address}: {wrong}");
            }

            target.Flush(flushToDisk: true);
        }

        File.Move(part, path, overwrite: true);
        File.Delete(versionPath);
        return path;
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => client.Dispose();

    private static void Restart(FileStream target, string versionPath)
    {
        target.SetLength(0);
        File.Delete(versionPath);
    }

    private static async Task<string?> ChecksumErrorAsync(DatasetFile file, string path, CancellationToken cancellationToken)
    {
        await using FileStream stream = File.OpenRead(path);
        return await ChecksumErrorAsync(file, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is wrong with a file's checksums; null where nothing is.</summary>
    private static async Task<string?> ChecksumErrorAsync(DatasetFile file, FileStream stream, CancellationToken cancellationToken)
    {
        if (file.Sha256 is { } sha256)
        {
            stream.Position = 0;
            string found = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
            if (!found.Equals(sha256, StringComparison.OrdinalIgnoreCase))
            {
                return $"expected the SHA-256 checksum {sha256}, found {found}.";
            }
        }

        if (file.Md5 is { } md5)
        {
            stream.Position = 0;
#pragma warning disable CA5351 // what the publishers offer; against accidents only, as DatasetFile says
            string found = Convert.ToHexStringLower(await MD5.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
#pragma warning restore CA5351
            if (!found.Equals(md5, StringComparison.OrdinalIgnoreCase))
            {
                return $"expected the MD5 checksum {md5}, found {found}.";
            }
        }

        return null;
    }

    /// <summary>Receives until the file is whole; says whether bytes of an earlier answer are in it.</summary>
    private async Task<bool> ReceiveAsync(DatasetFile file, FileStream target, string versionPath, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        bool resumed = false;
        TimeSpan pause = options.RetryDelay;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                resumed = await ReceiveOnceAsync(file, target, versionPath, progress, cancellationToken).ConfigureAwait(false);
                return resumed;
            }
            catch (Exception error) when (attempt < options.Retries && IsPassing(error, cancellationToken))
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
                pause *= 2;
            }
            catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"{file.Address}: the server was silent for {options.Timeout}.", error);
            }
        }
    }

    /// <summary>Whether it may go better next time: a broken connection or a server's trouble, but not a refusal and not a full disk.</summary>
    private static bool IsPassing(Exception error, CancellationToken cancellationToken) => error switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        HttpRequestException { StatusCode: { } status } => (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
        HttpRequestException => true,
        HttpIOException => true,
        EndOfStreamException => true,
        IOException { InnerException: System.Net.Sockets.SocketException } => true,
        _ => false,
    };

    private async Task<bool> ReceiveOnceAsync(DatasetFile file, FileStream target, string versionPath, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(options.Timeout);
        using var request = new HttpRequestMessage(HttpMethod.Get, file.Address);
        string? version = File.Exists(versionPath) ? await File.ReadAllTextAsync(versionPath, cancellationToken).ConfigureAwait(false) : null;
        if (target.Length > 0 && RangeConditionHeaderValue.TryParse(version, out RangeConditionHeaderValue? condition))
        {
            request.Headers.Range = new RangeHeaderValue(target.Length, null);
            request.Headers.IfRange = condition;
        }

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && request.Headers.Range is not null)
        {
            if (range?.Length == target.Length)
            {
                return true; // all of it had come
            }

            Restart(target, versionPath);
            throw new EndOfStreamException($"{file.Address}: the server has no bytes from {request.Headers.Range}.");
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{file.Address}: the server answers {(int)response.StatusCode} ({response.ReasonPhrase}).", null, response.StatusCode);
        }

        bool resumed = response.StatusCode == HttpStatusCode.PartialContent && range?.From == target.Length;
        if (response.StatusCode == HttpStatusCode.PartialContent && !resumed)
        {
            Restart(target, versionPath);
            throw new EndOfStreamException($"{file.Address}: the server sends {range} instead of the bytes asked for.");
        }

        if (!resumed)
        {
            Restart(target, versionPath);
            string? tag = response.Headers.ETag is { IsWeak: false } strong ? strong.ToString() : response.Content.Headers.LastModified?.ToString("r");
            if (tag is not null)
            {
                await File.WriteAllTextAsync(versionPath, tag, cancellationToken).ConfigureAwait(false);
            }
        }

        long? total = resumed ? range!.Length : response.Content.Headers.ContentLength;
        await CopyAsync(file, response, target, total, silence, progress).ConfigureAwait(false);
        return resumed;
    }

    private async Task CopyAsync(DatasetFile file, HttpResponseMessage response, FileStream target, long? total, CancellationTokenSource silence, IProgress<DownloadProgress>? progress)
    {
        if (total > options.MaximumBytes)
        {
            throw TooLarge(total.Value);
        }

        byte[] buffer = new byte[1 << 16];
        target.Position = target.Length;
        await using Stream source = await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false);
        int got;
        while ((got = await source.ReadAsync(buffer, silence.Token).ConfigureAwait(false)) > 0)
        {
            silence.CancelAfter(options.Timeout);
            if (target.Length + got > options.MaximumBytes)
            {
                throw TooLarge(target.Length + got);
            }

            await target.WriteAsync(buffer.AsMemory(0, got), silence.Token).ConfigureAwait(false);
            progress?.Report(new DownloadProgress(file.FileName, target.Length, total));
        }

        if (total is long expected && target.Length != expected)
        {
            throw new EndOfStreamException($"{file.Address}: expected {expected} bytes, the connection ended after {target.Length}.");
        }

        InvalidDataException TooLarge(long bytes) => new($"{file.Address}: expected at most {options.MaximumBytes} bytes (MaximumBytes), found {bytes}.");
    }
}
