using System.Formats.Tar;
using System.IO.Compression;

namespace RobustAttribution.MLNet;

/// <summary>Extracts archives (.zip, .tar.gz, .tgz) from the network: nothing outside the target folder, no links, no more than allowed, all or nothing.</summary>
public static class DatasetArchive
{
    private static readonly string[] Endings = [".tar.gz", ".tgz", ".zip"];

    /// <summary>Extracts an archive into a new folder, which appears in one step when all of it is there.</summary>
    /// <param name="archive">The archive; its ending says its kind.</param>
    /// <param name="folder">The new folder, which must not exist.</param>
    /// <param name="limits">What is extracted at most; the defaults where null.</param>
    /// <param name="cancellationToken">Stops; nothing stays.</param>
    /// <exception cref="InvalidDataException">The archive is damaged, or has an entry outside the folder, a link, an entry twice, or more than allowed; the message names it.</exception>
    /// <exception cref="IOException">The folder exists.</exception>
    /// <exception cref="ArgumentException">The archive is of another kind.</exception>
    public static void Extract(string archive, string folder, ArchiveLimits? limits = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ArgumentNullException.ThrowIfNull(folder);
        if (FolderName(archive) is null)
        {
            throw new ArgumentException($"The archive is '{archive}'; allowed are files that end in {string.Join(", ", Endings)}.", nameof(archive));
        }

        string target = Path.GetFullPath(folder);
        if (Path.Exists(target))
        {
            throw new IOException($"'{folder}' exists; an archive is extracted into a new folder.");
        }

        string temporary = $"{target}.{Guid.NewGuid():N}.extracting";
        Directory.CreateDirectory(temporary);
        try
        {
            var sink = new Sink(archive, temporary, limits ?? new(), cancellationToken);
            try
            {
                if (archive.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
                {
                    ExtractZip(archive, sink);
                }
                else
                {
                    ExtractTar(archive, sink);
                }
            }
            catch (Exception damage) when (damage is EndOfStreamException || (damage is InvalidDataException && !damage.Message.StartsWith(archive, StringComparison.Ordinal)))
            {
                throw new InvalidDataException($"{archive}, after {sink.Entries} entries: expected an archive, found damage: {damage.Message}", damage);
            }

            Directory.Move(temporary, target);
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    /// <summary>An archive's name without its ending; null where the file is none.</summary>
    internal static string? FolderName(string path)
    {
        string name = Path.GetFileName(path);
        string? ending = Array.Find(Endings, ending => name.Length > ending.Length && name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
        return ending is null ? null : name[..^ending.Length];
    }

    private static void ExtractZip(string archive, Sink sink)
    {
        using ZipArchive zip = ZipFile.OpenRead(archive);
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            int unixType = (entry.ExternalAttributes >> 16) & 0xF000;
            if (unixType is not (0 or 0x8000 or 0x4000))
            {
                throw sink.Wrong(entry.FullName, "files and folders only", $"a link or device (type 0x{unixType:X4})");
            }

            if (entry.FullName.EndsWith('/') || entry.FullName.EndsWith('\\'))
            {
                sink.AddFolder(entry.FullName);
            }
            else
            {
                using Stream content = entry.Open();
                sink.AddFile(entry.FullName, content);
            }
        }
    }

    private static void ExtractTar(string archive, Sink sink)
    {
        using FileStream file = File.OpenRead(archive);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(gzip);
        while (tar.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    sink.AddFile(entry.Name, entry.DataStream ?? Stream.Null);
                    break;
                case TarEntryType.Directory:
                    sink.AddFolder(entry.Name);
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw sink.Wrong(entry.Name, "files and folders only", entry.EntryType.ToString());
            }
        }
    }

    /// <summary>Writes entries below one folder, and counts.</summary>
    private sealed class Sink(string archive, string folder, ArchiveLimits limits, CancellationToken cancellationToken)
    {
        private readonly byte[] buffer = new byte[1 << 16];
        private long total;

        public int Entries { get; private set; }

        public void AddFolder(string name)
        {
            string path = PathOf(name);
            if (File.Exists(path))
            {
                throw Wrong(name, "each entry once", "a folder of a file's name");
            }

            Directory.CreateDirectory(path);
        }

        public void AddFile(string name, Stream content)
        {
            string path = PathOf(name);
            if (Path.Exists(path))
            {
                throw Wrong(name, "each entry once", "another of that name");
            }

            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            }
            catch (IOException error)
            {
                throw new InvalidDataException($"{archive}, entry '{name}': expected a folder above it, found a file.", error);
            }

            using var target = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            long bytes = 0;
            int got;
            while ((got = content.Read(buffer)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bytes += got;
                total += got;
                if (bytes > limits.FileBytes || total > limits.TotalBytes)
                {
                    throw Wrong(name, $"at most {limits.FileBytes} bytes in a file (FileBytes) and {limits.TotalBytes} in all (TotalBytes)", "more");
                }

                target.Write(buffer.AsSpan(0, got));
            }
        }

        public InvalidDataException Wrong(string name, string expected, string found) => new($"{archive}, entry '{name}': expected {expected}, found {found}.");

        private string PathOf(string name)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++Entries > limits.Entries)
            {
                throw Wrong(name, $"at most {limits.Entries} entries (Entries)", "more");
            }

            string[] parts = name.Split('/', '\\');
            bool rooted = name.Length == 0 || parts[0].Length == 0 || parts.Any(part => part == ".." || part.Contains(':') || part.Contains('\0'));
            string path = rooted ? string.Empty : Path.GetFullPath(Path.Combine([folder, .. parts]));
            return path == folder || path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? path
                : throw Wrong(name, "a path inside the archive", "one that leads out of it");
        }
    }
}
