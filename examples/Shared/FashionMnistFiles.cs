using System.Security.Cryptography;
using RobustAttribution.MLNet;
using Spectre.Console;

namespace RobustAttribution.Examples;

/// <summary>Finds the files of Fashion-MNIST: where they were put, or in the user's cache, where a download puts them if the user agrees.</summary>
/// <param name="console">Shows the download.</param>
public sealed class FashionMnistFiles(IAnsiConsole console)
{
    /// <summary>The files and their checksums.</summary>
    public DatasetInfo Dataset { get; init; } = KnownDatasets.FashionMnist;

    /// <summary>Where a download goes.</summary>
    public string CacheFolder { get; init; } = FashionMnistFolders.Cache;

    /// <summary>Finds the folder without a download; null where there is none.</summary>
    public Func<string?, string?> Find { get; init; } = FashionMnistFolders.Find;

    /// <summary>Puts a question to the user, true for yes; null where nobody is there to answer.</summary>
    public Func<string, CancellationToken, bool>? Ask { get; init; } = Terminal.Ask;

    /// <summary>How files are downloaded. Without a network an error comes after 3 seconds, behind a silent firewall after a minute.</summary>
    public DatasetDownloaderOptions Downloader { get; init; } = new() { Retries = 2, Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>The folder of the files.</summary>
    /// <param name="data">Value of --data, taken as it is; null where it was not given.</param>
    /// <param name="download">Whether --download was given: then nobody is asked.</param>
    /// <param name="cancellation">Stops; files that are whole stay.</param>
    /// <exception cref="FileNotFoundException">The files are nowhere, and are not to be downloaded.</exception>
    /// <exception cref="IOException">They cannot be downloaded; the message names the address and the reason.</exception>
    public string Locate(string? data, bool download, CancellationToken cancellation)
    {
        if (Find(data) is { } found && found != CacheFolder)
        {
            return found;
        }

        List<DatasetFile> missing = [.. Dataset.Files.Where(file => !IsWhole(file))];
        if (missing.Count == 0)
        {
            return CacheFolder;
        }

        Uri source = new(missing[0].Address, ".");
        string? damaged = missing.Select(PathOf).FirstOrDefault(File.Exists);
        string state = damaged is null ? "not on this machine" : $"damaged ({damaged} has a wrong checksum)";
        string question = $"{Dataset.Name} is {state}. Download it (about 30 MB) from {source} into {CacheFolder}?";
        if (!download && Ask?.Invoke(question, cancellation) != true)
        {
            string variable = FashionMnistFolders.Variable;
            throw new FileNotFoundException(
                $"{Dataset.Name} is {state}; looked for in the folder of --data (not given), that of the environment variable {variable} (not set), "
                + $"{FashionMnistFolders.Debian} and {CacheFolder}. Add --download to fetch it (about 30 MB) from {source} into the last one, "
                + $"add --data FOLDER, set {variable}=FOLDER, or on Debian type: apt install dataset-fashion-mnist");
        }

        using var downloader = new DatasetDownloader(Downloader);
        new DownloadDisplay(console).Run(
            $"Downloading {Dataset.Name} into {CacheFolder}",
            missing,
            (file, progress) => Download(downloader, file, progress, cancellation));
        return CacheFolder;
    }

    private void Download(DatasetDownloader downloader, DatasetFile file, IProgress<DownloadProgress> progress, CancellationToken cancellation)
    {
        try
        {
            downloader.DownloadAsync(file, CacheFolder, progress, cancellation).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is HttpRequestException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            string reason = error.Message.Replace($"{file.Address}: ", string.Empty, StringComparison.Ordinal).TrimEnd('.');
            throw new IOException($"{file.Address} was not downloaded: {reason}. Fetch the files elsewhere and add --data FOLDER.", error);
        }
    }

    private string PathOf(DatasetFile file) => Path.Combine(CacheFolder, file.FileName);

    private bool IsWhole(DatasetFile file)
    {
        string path = PathOf(file);
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream stream = File.OpenRead(path);
#pragma warning disable CA5351 // against damage, not against attackers: MD5 is what the publisher offers
        return Convert.ToHexStringLower(MD5.HashData(stream)) == file.Md5;
#pragma warning restore CA5351
    }
}
