using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>What <see cref="DatasetArchive"/> extracts at most, so that a small archive cannot fill the disk.</summary>
internal sealed record ArchiveLimits
{
    /// <summary>Bytes of all files together.</summary>
    public long TotalBytes { get; init; } = 32L << 30;

    /// <summary>Bytes of one file.</summary>
    public long FileBytes { get; init; } = 8L << 30;

    /// <summary>Number of files and folders.</summary>
    public int Entries { get; init; } = 2_000_000;
}

/// <summary>Extracts archives (.zip, .tar.gz, .tgz) from the network: nothing outside the target folder, no links, no more than allowed, all or nothing.</summary>
internal static class DatasetArchive
{
    private const int TarBlock = 512;
    private const int LongestTarName = 1 << 20; // bytes of an entry that only names or describes the next one
    private static readonly string[] Endings = [".tar.gz", ".tgz", ".zip"];

    private static readonly uint[] CrcTable =
        [.. Enumerable.Range(0, 256).Select(value => Enumerable.Range(0, 8).Aggregate((uint)value, (crc, _) => (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1))];

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
                    ExtractTar(archive, sink, temporary + ".tar");
                }
            }
            catch (Exception damage) when (damage is EndOfStreamException or OverflowException or ArgumentException or FormatException or NotSupportedException
                || (damage is InvalidDataException && !damage.Message.StartsWith(archive, StringComparison.Ordinal)))
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
    public static string? FolderName(string path)
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
                sink.AddFile(entry.FullName, content, entry.Length, entry.Crc32);
            }
        }
    }

    /// <summary>Decompresses to the end, which checks the checksum, and only then lets <see cref="TarReader"/> see the content.</summary>
    private static void ExtractTar(string archive, Sink sink, string scratch)
    {
        using var plain = new FileStream(scratch, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        using (Stream gzip = GzipFile.Open(archive))
        {
            sink.CopyBlocks(gzip, plain);
        }

        plain.Position = 0;
        using var tar = new TarReader(plain);
        while (tar.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    sink.AddFile(entry.Name, entry.DataStream ?? Stream.Null, entry.Length, null);
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

        sink.RequireEnd(plain);
    }

    /// <summary>The bytes of an entry that only describes another one, which <see cref="TarReader"/> reads into memory; 0 for every other block.</summary>
    private static long DescriptionBytes(ReadOnlySpan<byte> block)
    {
        if (!"LKxg"u8.Contains(block[156]))
        {
            return 0;
        }

        long sum = 8 * ' ';
        for (int i = 0; i < TarBlock; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : block[i];
        }

        return Octal(block[148..156]) != sum ? 0 : Octal(block[124..136]) ?? long.MaxValue;

        static long? Octal(ReadOnlySpan<byte> field)
        {
            string text = Encoding.Latin1.GetString(field).Trim(' ', '\0');
            return text.Length > 0 && text.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt64(text, 8) : null;
        }
    }

    /// <summary>Writes entries below one folder, and counts.</summary>
    private sealed class Sink(string archive, string folder, ArchiveLimits limits, CancellationToken cancellationToken)
    {
        private readonly byte[] buffer = new byte[128 * TarBlock];
        private long total;

        public int Entries { get; private set; }

        /// <summary>Copies the blocks of a tar file, and refuses it before a description of the next entry takes too much memory.</summary>
        public void CopyBlocks(Stream source, FileStream target)
        {
            int got;
            while ((got = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (int at = 0; at + TarBlock <= got; at += TarBlock)
                {
                    if (DescriptionBytes(buffer.AsSpan(at, TarBlock)) is var bytes and > LongestTarName)
                    {
                        throw new InvalidDataException(
                            $"{archive}, byte {target.Length + at} of the tar file: expected a name or description of at most {LongestTarName} bytes, found {bytes}.");
                    }
                }

                target.Write(buffer.AsSpan(0, got));
                if (target.Length > limits.TotalBytes + (4L * TarBlock * limits.Entries))
                {
                    throw new InvalidDataException($"{archive}: expected at most {limits.TotalBytes} bytes in all (TotalBytes), found more.");
                }
            }
        }

        /// <summary>Checks that there are only zeros from the block on at which <see cref="TarReader"/> has stopped; it does so at any block whose checksum field is empty.</summary>
        public void RequireEnd(FileStream tar)
        {
            tar.Position = Math.Max(0, tar.Position - TarBlock);
            for (int got; (got = tar.Read(buffer)) > 0;)
            {
                if (buffer.AsSpan(0, got).ContainsAnyExcept((byte)0))
                {
                    throw new EndOfStreamException("the tar file lacks the blocks of zeros that end one.");
                }
            }
        }

        public void AddFolder(string name)
        {
            string path = PathOf(name);
            if (File.Exists(path))
            {
                throw Wrong(name, "each entry once", "a folder of a file's name");
            }

            Directory.CreateDirectory(path);
        }

        /// <summary>Adds a file, which must have the length and the CRC-32 (null: unknown) that the archive says.</summary>
        public void AddFile(string name, Stream content, long length, uint? checksum)
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
            uint crc = uint.MaxValue;
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
                for (int i = 0; i < got && checksum is not null; i++)
                {
                    crc = CrcTable[(byte)(crc ^ buffer[i])] ^ (crc >> 8);
                }
            }

            if (bytes != length || (checksum is uint expected && ~crc != expected))
            {
                throw Wrong(name, checksum is null ? $"{length} bytes" : $"{length} bytes with the CRC-32 {checksum:x8}", checksum is null ? $"{bytes}" : $"{bytes} with {~crc:x8}");
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
