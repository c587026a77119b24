using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using RobustAttribution.Networks;
using RobustAttribution.Serialization;
using RobustAttribution.Tests.Fixtures;

namespace RobustAttribution.Tests.Networks;

/// <summary>Other files given where weights or a card are expected: the message says what they seem to be.</summary>
[TestClass]
public sealed class OtherFileTests
{
    /// <summary>The first bytes of a file, and what the message calls it.</summary>
    public static IEnumerable<object[]> Others =>
    [
        [Zip("archive/data.pkl"), "it seems to be a PyTorch file of torch.save (.pt, .pth), a pickle in a zip archive. Weights are read"],
        [Zip("resnet18/version"), "a PyTorch file of torch.save"],
        [Bytes("\u0080\u0002\u008A\u000Al\u00FC\u009CF\u00F9 j\u00A8P\u0019."), "a Python pickle, as PyTorch's torch.save writes (.pt, .pth)"],
        [Bytes("\u0080\u0004\u0095\u0010\0\0\0\0\0\0\0}\u0094."), "a Python pickle"],
        [Zip("TrainingInfo/Version.txt"), "a model of ML.NET (mlContext.Model.Load reads it)"],
        [Zip("weight.npy"), "an archive of NumPy arrays (.npz)"],
        [Zip("metadata.json"), "a Keras model (.keras)"],
        [Zip("readme.txt"), "a zip archive (extract it first)"],
        [Bytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 46830571\n"), "a pointer of Git LFS, in whose place 'git lfs pull' puts the file"],
        [Bytes("<!DOCTYPE html><html lang=\"en\">"), "HTML or XML (a server sent it instead of the file: download it again)"],
        [Bytes("\u00EF\u00BB\u00BF\r\n<html>"), "HTML or XML"],
        [Bytes("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), "HTML or XML"],
        [Bytes("\u0089HDF\r\n\u001A\n\0\0\0\0"), "an HDF5 file, as Keras writes (.h5)"],
        [Bytes("\u0008\u0007\u0012\u0007pytorch\u001A\u00051.9.0:"), "an ONNX model"],
        [Bytes("\u0008\u0003\u003A\u00D6\u0002\n\u0005graph"), "an ONNX model"],
        [Gzip("anything"), "a gzip file (decompress it first)"],
        [Tar(), "a tar archive (extract it first)"],
        [Bytes("\u0093NUMPY\u0001\0v\0{'descr'"), "a NumPy array (.npy)"],
        [Bytes("GGUF\u0003\0\0\0"), "a GGUF file"],
        [Bytes("{\n  \"metadata\": { \"total_size\": 1 },\n  \"weight_map\": {}}"), "the index of weights in several files (load each file that it names"],
        [Bytes("{\"Architecture\": 1}"), "JSON text"],
        [Bytes("\u0089PNG\r\n\u001A\n"), "a PNG image"],
        [Bytes(string.Empty), "an empty file"],
        [Bytes("\u0010\0\0"), "the stream ends after 3 bytes"],
        [Bytes("\u0010\0\0\0\0\0\0\0abcdefghijklmnop"), "the header does not start with '{'"],
        [Bytes("nothing known of"), "its first 8 bytes would be a header's length of 2334956330817974126, allowed is 1 to 100000000"],
    ];

    [TestMethod]
    [DynamicData(nameof(Others))]
    public void GivenAsWeightsAreNamed(byte[] content, string found)
    {
        using ImageNetwork network = TinyNetworks.Convolutional();
        foreach (Action<Stream> load in new Action<Stream>[] { network.LoadWeights, stream => network.LoadMatchingWeights(stream), stream => NetworkCard.Of(network).Build(stream).Dispose() })
        {
            using var stream = new MemoryStream(content);
            Check(() => load(stream));
        }

        using var slow = new PieceStream(content);
        Check(() => network.LoadWeights(slow));

        void Check(Action load)
        {
            string message = Assert.ThrowsExactly<FormatException>(load).Message;
            StringAssert.StartsWith(message, "Not safetensors: ");
            StringAssert.Contains(message, found);
            StringAssert.Contains(message, "safetensors.torch.save_file(model.state_dict(), path)");
        }
    }

    [TestMethod]
    [DataRow("<!DOCTYPE html><html>", "The text seems to be HTML or XML (a server sent it")]
    [DataRow("version https://git-lfs.github.com/spec/v1\noid", "The text seems to be a pointer of Git LFS")]
    [DataRow("", "The text seems to be an empty file")]
    public void GivenAsACardAreNamed(string text, string found)
        => StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => NetworkCard.FromJson(text)).Message, found);

    [TestMethod]
    public void JsonThatIsNoCardIsNotSaidToBeAnything()
    {
        string message = Assert.ThrowsExactly<FormatException>(() => ComponentJson.Read<NetworkCard>("""{"a": 1}""")).Message;
        Assert.IsFalse(message.Contains("seems", StringComparison.Ordinal), message);
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    private static byte[] Zip(string first)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream entry = zip.CreateEntry(first).Open();
            entry.Write("content"u8);
        }

        return memory.ToArray();
    }

    private static byte[] Gzip(string content)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Bytes(content));
        }

        return memory.ToArray();
    }

    private static byte[] Tar()
    {
        using var memory = new MemoryStream();
        using (var tar = new TarWriter(memory, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "weights.safetensors") { DataStream = new MemoryStream(new byte[9]) });
        }

        return memory.ToArray();
    }

    /// <summary>Gives a few bytes at a time, and cannot seek.</summary>
    private sealed class PieceStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 5));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 5)]);
    }
}
