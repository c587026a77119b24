using System.Buffers.Binary;
using System.IO.Compression;
using RobustAttribution.MLNet.Datasets;

namespace RobustAttribution.MLNet.Tests.Datasets;

/// <summary>The IDX reader: plain and compressed files, and every kind of damage.</summary>
[TestClass]
public sealed class IdxFileTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("idx-tests").FullName;

    [TestCleanup]
    public void Clean() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ReadsPlainAndCompressedFiles(bool compress)
    {
        IdxFile file = IdxFile.Read(Write(Content(), compress), 3);
        CollectionAssert.AreEqual(new[] { 2, 3, 4 }, file.Dimensions.ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, 24).Select(i => (byte)i).ToArray(), file.Values);
    }

    [TestMethod]
    [DataRow(0, 1, "byte 0: expected the IDX magic number 0x00000803, found 0x01000803")]
    [DataRow(2, 0x0D, "byte 0: expected the IDX magic number 0x00000803, found 0x00000D03")]
    [DataRow(3, 1, "byte 0: expected the IDX magic number 0x00000803, found 0x00000801")]
    [DataRow(7, 0, "byte 4: expected a length of dimension 0")]
    [DataRow(4, 0xFF, "byte 4: expected a length of dimension 0")]
    [DataRow(7, 3, "byte 16: expected 36 values (3×3×4), found")]
    [DataRow(7, 1, "byte 16: expected 12 values (1×3×4), found")]
    public void WrongBytesAreNamed(int position, int value, string message)
    {
        byte[] content = Content();
        content[position] = (byte)value;
        string path = Write(content, false);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => IdxFile.Read(path, 3));
        StringAssert.StartsWith(error.Message, $"{path}, {message}");
    }

    [TestMethod]
    [DataRow(3, "<!DOCTYPE html><html>", "byte 0: expected the IDX magic number 0x00000803, found 0x3C21444F: it seems to be HTML or XML (a server")]
    [DataRow(1, "version https://git-lfs.github.com/spec/v1\n", "found 0x76657273: it seems to be a pointer of Git LFS")]
    [DataRow(3, "\0\0\u0008\u0001\0\0\0\u0002ab", "byte 0: expected the IDX magic number 0x00000803, found 0x00000801: it seems to be labels in MNIST's IDX format")]
    [DataRow(1, "", "byte 0: expected an IDX header of 8 bytes, found the end of the file: it seems to be an empty file")]
    public void OtherFilesAreNamed(int rank, string content, string message)
    {
        foreach (bool compress in new[] { false, true })
        {
            string path = Write(System.Text.Encoding.Latin1.GetBytes(content), compress);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => IdxFile.Read(path, rank)).Message, message);
        }
    }

    [TestMethod]
    [DataRow(false, 0)]
    [DataRow(false, 10)]
    [DataRow(false, 30)]
    [DataRow(true, 10)]
    [DataRow(true, 30)]
    public void CutOffFilesAreNamed(bool compress, int length)
    {
        string path = Write(Content()[..length], compress);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => IdxFile.Read(path, 3));
        StringAssert.StartsWith(error.Message, path);
        StringAssert.Contains(error.Message, "the end of the file");
    }

    [TestMethod]
    public void ADamagedGzipStreamIsNamed()
    {
        string path = Write(Content(), true);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[12] ^= 0x55;
        bytes[14] ^= 0x55;
        File.WriteAllBytes(path, bytes);
        StringAssert.StartsWith(Assert.ThrowsExactly<InvalidDataException>(() => IdxFile.Read(path, 3)).Message, path);
    }

    [TestMethod]
    [DataRow(8)]
    [DataRow(4)]
    [DataRow(1)]
    public void AMissingGzipTrailerIsNamed(int missing)
    {
        string path = Write(Content(), true);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^missing]);
        StringAssert.StartsWith(
            Assert.ThrowsExactly<InvalidDataException>(() => IdxFile.Read(path, 3)).Message, $"{path}, byte 0: expected a gzip stream");
    }

    [TestMethod]
    public void AHugeLengthInACompressedFileDoesNotAllocateIt()
    {
        byte[] content = Content();
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(4), 150_000_000); // 1.8 GB of values promised
        string path = Write(content, true);
        long before = GC.GetTotalAllocatedBytes();
        Assert.ThrowsExactly<InvalidDataException>(() => IdxFile.Read(path, 3));
        Assert.IsLessThan(100_000_000, GC.GetTotalAllocatedBytes() - before);
    }

    private static byte[] Content()
        => [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, .. Enumerable.Range(0, 24).Select(i => (byte)i)];

    private string Write(byte[] content, bool compress)
    {
        string path = Path.Combine(folder, compress ? "file.gz" : "file");
        using FileStream file = File.Create(path);
        using Stream stream = compress ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(content);
        return path;
    }
}
