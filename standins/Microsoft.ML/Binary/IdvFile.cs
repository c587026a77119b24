using System.IO.Compression;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// The layout of a binary data view file (ML.NET's documented IDV format 1.1.1.6): a 256-byte header, blocks of values per column,
/// tables of the blocks, annotations, and a table of contents.
/// </summary>
internal static class IdvFile
{
    public const int HeaderSize = 256;
    public const ulong Signature = 0x00425644004C4D43;
    public const ulong TailSignature = 0x434D4C0044564200;
    public const ulong Version = 0x0001000100010006;
    public const byte NotCompressed = 0;
    public const byte Deflated = 1;

    /// <summary>Values of one column, by their codec, compressed.</summary>
    public static byte[] Pack(IdvCodec codec, Array values, int count, out int unpackedLength)
    {
        using var block = new MemoryStream();
        using (var writer = new BinaryWriter(block, Encoding.UTF8, leaveOpen: true))
            codec.WriteBlock(writer, values, count);
        unpackedLength = (int)block.Length;
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal))
            deflate.Write(block.GetBuffer(), 0, unpackedLength);
        return packed.ToArray();
    }

    public static Array Unpack(IdvCodec codec, byte[] bytes, byte compression, int count)
    {
        Stream stream = new MemoryStream(bytes);
        if (compression == Deflated)
        {
            using var deflate = new DeflateStream(stream, CompressionMode.Decompress);
            stream = new MemoryStream();
            deflate.CopyTo(stream);
            stream.Position = 0;
        }
        else
        {
            Contracts.CheckDecode(compression == NotCompressed, $"Corrupt binary data: compression {compression}");
        }

        using var reader = new BinaryReader(stream, Encoding.UTF8);
        return codec.ReadBlock(reader, count);
    }
}
