using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>What is extracted at most, so that a small archive cannot fill the disk.</summary>
/// <param name="TotalBytes">Bytes of all files together.</param>
/// <param name="FileBytes">Bytes of one file.</param>
/// <param name="Entries">Number of files and folders.</param>
internal sealed record ArchiveLimits(long TotalBytes = 32L << 30, long FileBytes = 8L << 30, int Entries = 2_000_000);

/// <summary>
/// Extracts archives (.zip, .tar.gz, .tgz) from the network: nothing outside the target folder, no links, no more than allowed, all or nothing.
/// </summary>
internal static class DatasetArchive
{
    private const int TarBlock = 512;
    internal const int LongestDescription = 1 << 20; // bytes of a tar entry that only names or describes the next one
    private static readonly string[] Endings = [".tar.gz", ".tgz", ".zip"];

    /// <summary>Extracts an archive into a new folder, which appears in one step when all of it is there.</summary>
    /// <param name="archive">The archive; its ending says its kind.</param>
    /// <param name="folder">The new folder, which must not exist.</param>
    /// <param name="limits">What is extracted at most; the defaults where null.</param>
    /// <param name="cancellationToken">Stops; nothing stays.</param>
    /// <exception cref="InvalidDataException">
    /// The archive is damaged, or has an entry outside the folder, a link, an entry twice, or more than allowed; the message names it.
    /// </exception>
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

        limits ??= new();
        string temporary = $"{target}.{Guid.NewGuid():N}.extracting";
        Directory.CreateDirectory(temporary);
        int count = 0;
        try
        {
            long total = 0;
            bool zip = archive.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);
            foreach (Entry entry in zip ? ZipEntries(archive) : TarEntries(archive, temporary + ".tar", limits, cancellationToken))
            {
                if (++count > limits.Entries)
                {
                    throw Wrong(archive, entry, $"at most {limits.Entries} entries (Entries)", "more");
                }

                string path = PathOf(archive, entry, temporary);
                if (entry.Content is null)
                {
                    Directory.CreateDirectory(path);
                    continue;
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
                uint crc = Copy(entry.Content, file, piece =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    total += piece;
                    if (file.Length + piece > limits.FileBytes || total > limits.TotalBytes)
                    {
                        string allowed = $"at most {limits.FileBytes} bytes in a file (FileBytes) and {limits.TotalBytes} in all (TotalBytes)";
                        throw Wrong(archive, entry, allowed, "more");
                    }
                });
                if (file.Length != entry.Length || (entry.Crc is uint expected && crc != expected))
                {
                    string promised = $"{entry.Length} bytes" + (entry.Crc is uint sum ? $" with the CRC-32 {sum:x8}" : string.Empty);
                    throw new EndOfStreamException($"entry '{entry.Name}' has {file.Length} bytes with the CRC-32 {crc:x8} instead of {promised}.");
                }
            }

            Directory.Move(temporary, target);
        }
        catch (Exception damage)
            when (damage is not (OperationCanceledException or UnauthorizedAccessException or (IOException and not EndOfStreamException))
                && !damage.Message.StartsWith(archive, StringComparison.Ordinal))
        {
            Directory.Delete(temporary, recursive: true);
            bool isZip = archive.EndsWith(".zip", StringComparison.OrdinalIgnoreCase);
            string found = FileKind.OfFile(archive) is { } kind && !(isZip ? kind.IsZip : kind.Name == "a gzip file")
                ? kind.ToString()
                : $"damage: {damage.Message}";
            throw new InvalidDataException($"{archive}, after {count} entries: expected an archive, found {found}", damage);
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

    private static InvalidDataException Wrong(string archive, Entry entry, string expected, string found)
        => new($"{archive}, entry '{entry.Name}': expected {expected}, found {found}.");

    /// <summary>Where an entry goes.</summary>
    /// <exception cref="InvalidDataException">It is neither file nor folder, leads out of the folder, or is in the way of another.</exception>
    private static string PathOf(string archive, Entry entry, string folder)
    {
        if (entry.Other is { } other)
        {
            throw Wrong(archive, entry, "files and folders only", other);
        }

        string[] parts = entry.Name.Split('/', '\\');
        bool rooted = parts[0].Length == 0 || parts.Any(part => part == ".." || part.Contains(':') || part.Contains('\0'));
        string path = rooted ? string.Empty : Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine([folder, .. parts])));
        if (path != folder && !path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw Wrong(archive, entry, "a path inside the archive", "one that leads out of it");
        }

        if (File.Exists(path) || (entry.Content is not null && Directory.Exists(path)))
        {
            throw Wrong(archive, entry, "each entry once", "another of that name");
        }

        for (string above = path; above.Length > folder.Length; above = Path.GetDirectoryName(above)!)
        {
            if (File.Exists(above))
            {
                throw Wrong(archive, entry, "a folder above it", "a file");
            }
        }

        return path;
    }

    private static IEnumerable<Entry> ZipEntries(string archive)
    {
        using ZipArchive zip = ZipFile.OpenRead(archive);
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            int unixType = (entry.ExternalAttributes >> 16) & 0xF000;
            string? other = unixType is 0 or 0x8000 or 0x4000 ? null : $"a link or device (type 0x{unixType:X4})";
            using Stream? content = other is not null || entry.FullName.EndsWith('/') || entry.FullName.EndsWith('\\') ? null : entry.Open();
            yield return new Entry(entry.FullName, content, entry.Length, entry.Crc32, other);
        }
    }

    /// <summary>
    /// Decompresses to the end, which checks the checksum and what <see cref="TarReader"/> would read into memory, and only then reads entries.
    /// </summary>
    private static IEnumerable<Entry> TarEntries(string archive, string scratch, ArchiveLimits limits, CancellationToken cancellationToken)
    {
        using var plain = new FileStream(scratch, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        byte[] block = new byte[TarBlock];
        using (Stream gzip = GzipFile.Open(archive))
        {
            while (gzip.ReadAtLeast(block, TarBlock, throwOnEndOfStream: false) is var got and > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (DescriptionBytes(block) > LongestDescription || plain.Length > limits.TotalBytes + (4L * TarBlock * limits.Entries))
                {
                    throw new InvalidDataException(
                        $"{archive}, byte {plain.Length} of the tar file: expected a name or description of at most {LongestDescription} bytes, "
                        + $"and {limits.TotalBytes} bytes in all (TotalBytes), found more.");
                }

                plain.Write(block, 0, got);
            }
        }

        plain.Position = 0;
        using var tar = new TarReader(plain, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
            {
                yield return new Entry(entry.Name, entry.DataStream ?? Stream.Null, entry.Length, null, null);
            }
            else if (entry.EntryType != TarEntryType.GlobalExtendedAttributes)
            {
                yield return new Entry(entry.Name, null, 0, null, entry.EntryType == TarEntryType.Directory ? null : entry.EntryType.ToString());
            }
        }

        plain.Position = Math.Max(0, plain.Position - TarBlock); // the reader also stops at a damaged header whose checksum is empty
        while (plain.Read(block) is var rest and > 0)
        {
            if (block.AsSpan(0, rest).ContainsAnyExcept((byte)0))
            {
                throw new EndOfStreamException("the tar file lacks the blocks of zeros that end one.");
            }
        }
    }

    /// <summary>
    /// The bytes of an entry that only describes another one, which <see cref="TarReader"/> reads into memory; 0 for every other block.
    /// </summary>
    private static long DescriptionBytes(byte[] block)
    {
        if (!"LKxg"u8.Contains(block[156]))
        {
            return 0;
        }

        long sum = (8 * ' ') + block.Index().Sum(value => value.Index is >= 148 and < 156 ? 0L : value.Item);
        return Octal(148, 8) == sum ? Octal(124, 12) ?? long.MaxValue : 0;

        long? Octal(int start, int length)
        {
            string text = Encoding.Latin1.GetString(block, start, length).Trim(' ', '\0');
            return text.Length > 0 && text.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt64(text, 8) : null;
        }
    }

    /// <summary>Copies a stream, and returns its CRC-32.</summary>
    private static uint Copy(Stream source, FileStream target, Action<int> check)
    {
        byte[] buffer = new byte[1 << 16];
        uint crc = 0;
        while (source.Read(buffer) is var got and > 0)
        {
            check(got);
            target.Write(buffer.AsSpan(0, got));
            crc = Crc32.Append(crc, buffer.AsSpan(0, got));
        }

        return crc;
    }

    /// <summary>One entry of an archive.</summary>
    /// <param name="Name">Its path.</param>
    /// <param name="Content">A file's content, to be read before the next entry; null for others.</param>
    /// <param name="Length">Bytes that the archive promises.</param>
    /// <param name="Crc">The CRC-32 that it promises; null where it has none.</param>
    /// <param name="Other">What it is where it is neither file nor folder.</param>
    private readonly record struct Entry(string Name, Stream? Content, long Length, uint? Crc, string? Other);
}
