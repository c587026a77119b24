using System.Buffers.Binary;

namespace RobustAttribution.MLNet.Columns;

/// <summary>The chunks of a PNG file. The decoder checks their checksums, but is content with a file that ends behind the last row.</summary>
internal static class PngChunks
{
    private const int SignatureBytes = 8;

    /// <summary>Whether the chunks reach to the one that ends an image; what follows it does not matter.</summary>
    public static bool AreWhole(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[8]; // length and name
        for (long at = SignatureBytes; at < file.Length;)
        {
            file.Position = at;
            if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            {
                return false;
            }

            at += 8 + (long)BinaryPrimitives.ReadUInt32BigEndian(header) + 4; // the checksum is behind the data
            if (header[4..].SequenceEqual("IEND"u8))
            {
                return at <= file.Length;
            }
        }

        return false;
    }
}
