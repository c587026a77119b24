using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using RobustAttribution.MLNet.Datasets;
using RobustAttribution.MLNet.Tests.Fixtures;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>Archives, good and evil.</summary>
[TestClass]
public sealed class DatasetArchiveTests
{
    private readonly DataFolder folder = new();

    [TestCleanup]
    public void Clean() => folder.Dispose();

    /// <summary>A zip archive; names that end in / are folders.</summary>
    internal static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] content) in entries)
            {
                using Stream stream = zip.CreateEntry(name).Open();
                stream.Write(content);
            }
        }

        return target.ToArray();
    }

    [TestMethod]
    [DataRow("a.zip")]
    [DataRow("a.tar.gz")]
    [DataRow("a.tgz")]
    public void ExtractsFilesAndFolders(string name)
    {
        (string, byte[])[] entries = [("top/", []), ("top/a.txt", [1, 2]), ("top/deep/b.txt", [3]), ("./c.txt", [])];
        string archive = folder.Write(name, name.EndsWith(
            "zip", StringComparison.Ordinal) ? Zip(entries) : Tar([.. entries.Select(entry => Entry(entry.Item1, entry.Item2))]));
        DatasetArchive.Extract(archive, folder.Of("out"));
        CollectionAssert.AreEquivalent(
            new[] { "c.txt", "top/a.txt", "top/deep/b.txt" },
            Directory.EnumerateFiles(folder.Of(
                "out"), "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder.Of("out"), path).Replace('\\', '/')).ToArray());
        CollectionAssert.AreEqual(new byte[] { 1, 2 }, File.ReadAllBytes(folder.Of("out/top/a.txt")));
        CollectionAssert.AreEquivalent(new[] { archive, folder.Of("out") }, Directory.GetFileSystemEntries(folder.Path));
        StringAssert.Contains(Assert.ThrowsExactly<IOException>(() => DatasetArchive.Extract(archive, folder.Of("out"))).Message, "exists");
    }

    [TestMethod]
    [DataRow("../evil.txt")]
    [DataRow("top/../../evil.txt")]
    [DataRow("/tmp/evil.txt")]
    [DataRow("..\\evil.txt")]
    [DataRow("C:\\evil.txt")]
    public void NothingEscapes(string name)
    {
        Refused("a.zip", Zip(("good.txt", [1]), (name, [6])), $"entry '{name}': expected a path inside the archive");
        Refused("a.tar.gz", Tar(Entry("good.txt", [1]), Entry(name, [6])), $"entry '{name}': expected a path inside the archive");
    }

    [TestMethod]
    [DataRow(TarEntryType.SymbolicLink)]
    [DataRow(TarEntryType.HardLink)]
    [DataRow(TarEntryType.Fifo)]
    public void LinksAndDevicesAreRefused(TarEntryType type)
    {
        var link = new PaxTarEntry(type, "link");
        if (type != TarEntryType.Fifo)
        {
            link.LinkName = "/etc/passwd";
        }

        Refused("a.tgz", Tar(link), $"entry 'link': expected files and folders only, found {type}");
    }

    [TestMethod]
    public void LinksInZipFilesAreRefused()
    {
        using var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create))
        {
            zip.CreateEntry("link").ExternalAttributes = unchecked((int)0xA1FF0000);
        }

        Refused("a.zip", target.ToArray(), "entry 'link': expected files and folders only, found a link or device (type 0xA000)");
    }

    [TestMethod]
    public void EntriesTwiceAndFilesAsFoldersAreRefused()
    {
        Refused("a.zip", Zip(("a", [1]), ("a", [2])), "entry 'a': expected each entry once");
        Refused("a.tgz", Tar(Entry("a", [1]), Entry("./a", [2])), "entry './a': expected each entry once");
        Refused("a.tgz", Tar(Entry("a", [1]), Entry("a/", [])), "entry 'a/': expected each entry once");
        Refused("a.tgz", Tar(Entry("a", [1]), Entry("a/b", [1])), "entry 'a/b': expected a folder above it, found a file");
    }

    [TestMethod]
    public void SizesAreBounded()
    {
        byte[] bomb = Zip(("bomb", new byte[1_000_000]));
        Refused("a.zip", bomb, "entry 'bomb': expected at most 1000 bytes in a file (FileBytes)", new ArchiveLimits { FileBytes = 1000 });
        Refused("a.zip", Zip(("a", new byte[600]), ("b", new byte[600])), "entry 'b': expected at most", new ArchiveLimits { TotalBytes = 1000 });
        Refused("a.tgz", Tar(
            Entry("a", []), Entry("b", []), Entry("c", [])), "entry 'c': expected at most 2 entries (Entries)", new ArchiveLimits { Entries = 2 });
    }

    [TestMethod]
    public void DamageIsNamed()
    {
        Refused("a.zip", Zip(("a", new byte[100]))[..60], "after 0 entries: expected an archive, found damage");
        Refused("a.tar.gz", Encoding.ASCII.GetBytes("no gzip at all"), "after 0 entries: expected an archive, found damage");
        Refused("a.tar.gz", Zip(("a", [1])), "after 0 entries: expected an archive, found a zip archive");
        Refused("a.zip", Tar(Entry("a", [1])), "expected an archive, found a gzip file");
        Refused("a.zip", Encoding.ASCII.GetBytes("<!DOCTYPE html>"), "expected an archive, found HTML or XML (a server sent it instead of the file: download it again)");
        Refused("a.tgz", Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1"), "found a pointer of Git LFS, in whose place 'git lfs pull' puts the file");
        byte[] random = new byte[5000];
        new Random(1).NextBytes(random);
        Refused("a.tar.gz", Tar(Entry("a", random))[..4000], "expected an archive, found damage");
        string other = folder.Write("a.rar", [1]);
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => DatasetArchive.Extract(other, folder.Of("out"))).Message, ".tar.gz, .tgz, .zip");
    }

    [TestMethod]
    [DataRow('L')]
    [DataRow('K')]
    [DataRow('x')]
    [DataRow('g')]
    public void ALongNameIsRefusedBeforeItTakesMemory(char type)
    {
        const int Bytes = 200 << 20;
        byte[] name = Encoding.ASCII.GetBytes("././@LongLink");
        byte[] header = Header(name, type, Convert.ToString(Bytes, 8).PadLeft(11, '0'));
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(header);
            byte[] piece = new byte[1 << 20];
            Array.Fill(piece, (byte)'a');
            for (int i = 0; i < Bytes / piece.Length; i++)
            {
                gzip.Write(piece);
            }

            gzip.Write(new byte[1024]);
        }

        long before = GC.GetTotalAllocatedBytes();
        Refused("bomb.tar.gz", target.ToArray(), "byte 0 of the tar file: expected a name or description of at most 1048576 bytes");
        Assert.IsLessThan(50_000_000, GC.GetTotalAllocatedBytes() - before);
    }

    [TestMethod]
    [DataRow("77777777777")]
    [DataRow("00000000010")]
    [DataRow("00000003000")]
    [DataRow("-0000000001")]
    [DataRow("0000000000z")]
    public void AChangedSizeIsNamed(string size)
    {
        byte[] content = [.. Header([(byte)'a'], '0', size), .. new byte[1000], .. new byte[24], .. Header(
            [(byte)'b'], '0', "00000000003"), 1, 2, 3, .. new byte[509], .. new byte[1024]];
        Array.Fill(content, (byte)7, 512, 1000);
        Refused("a.tgz", Gzip(content), string.Empty);
        Array.Copy(Header([(byte)'a'], '0', "00000001750"), content, 512);
        DatasetArchive.Extract(folder.Write("whole.tgz", Gzip(content)), folder.Of("whole"));
        Assert.AreEqual(1000, new FileInfo(folder.Of("whole/a")).Length, "the true size is taken");
    }

    [TestMethod]
    [DataRow(8)]
    [DataRow(4)]
    [DataRow(1)]
    [DataRow(0)]
    public void AGzipTrailerThatIsMissingOrWrongIsNamed(int missing)
    {
        byte[] content = Tar(Entry("a", [1, 2, 3]));
        if (missing == 0)
        {
            content[^6] ^= 1;
        }

        Refused("a.tar.gz", content[..^missing], "expected an archive, found damage");
    }

    [TestMethod]
    public void ATarFileWithoutItsEndIsNamed()
        => Refused("a.tar.gz", Gzip([.. Header([(byte)'a'], '0', "00000000000")]), "lacks the blocks of zeros that end one");

    [TestMethod]
    public void AFlippedBitInAZipFileIsNamed()
    {
        using var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream stream = zip.CreateEntry("a", CompressionLevel.NoCompression).Open();
            stream.Write(new byte[1000]);
        }

        byte[] content = target.ToArray();
        content[500] ^= 1;
        Refused("a.zip", content, "expected an archive, found damage: entry 'a' has 1000 bytes with the CRC-32");
    }

    /// <summary>A ustar header with a right checksum.</summary>
    private static byte[] Header(byte[] name, char type, string size)
    {
        byte[] header = new byte[512];
        name.CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\00000000\00000000\0").CopyTo(header, 100);
        Encoding.ASCII.GetBytes(size + "\000000000000\0        ").CopyTo(header, 124);
        header[156] = (byte)type;
        Encoding.ASCII.GetBytes(type is 'L' or 'K' ? "ustar  \0" : "ustar\000").CopyTo(header, 257);
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }

    private static byte[] Gzip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }

    private static PaxTarEntry Entry(string name, byte[] content)
        => name.EndsWith('/') ? new(TarEntryType.Directory, name) : new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    private static byte[] Tar(params TarEntry[] entries)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
        using (var tar = new TarWriter(gzip))
        {
            foreach (TarEntry entry in entries)
            {
                tar.WriteEntry(entry);
            }
        }

        return target.ToArray();
    }

    /// <summary>Fails unless extracting gives a named error and leaves nothing.</summary>
    private void Refused(string name, byte[] content, string message, ArchiveLimits? limits = null)
    {
        string archive = folder.Write(name, content);
        string[] before = Directory.GetFileSystemEntries(folder.Path);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => DatasetArchive.Extract(archive, folder.Of("out"), limits));
        StringAssert.StartsWith(error.Message, archive);
        StringAssert.Contains(error.Message, message);
        CollectionAssert.AreEquivalent(before, Directory.GetFileSystemEntries(folder.Path));
    }
}
