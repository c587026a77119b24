using System.Buffers.Binary;
using SkiaSharp;

namespace RobustAttribution.MLNet.Columns;

/// <summary>
/// The chunks of a PNG file. The decoder checks their checksums, but is content with a file that ends behind the last row, and knows no eXIf.
/// </summary>
internal static class PngChunks
{
    private const int Signature = 8, ChunkStart = 8, Checksum = 4;
    private const int LongestExif = 1 << 16; // as in a JPEG

    /// <summary>The EXIF orientation: the tag 0x112 in the eXIf chunk (PNG third edition, 11.3.4.5); the pixels as stored without it.</summary>
    /// <returns>Null where the chunks do not reach to the one that ends an image; what follows that does not matter.</returns>
    public static SKEncodedOrigin? ReadOrigin(Stream file)
    {
        Span<byte> chunk = stackalloc byte[ChunkStart]; // length and name
        SKEncodedOrigin? origin = null;
        for (long at = Signature; at < file.Length;)
        {
            file.Position = at;
            if (file.ReadAtLeast(chunk, chunk.Length, throwOnEndOfStream: false) < chunk.Length)
            {
                return null;
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            at += ChunkStart + (long)length + Checksum;
            if (chunk[4..].SequenceEqual("IEND"u8))
            {
                return at <= file.Length ? origin ?? SKEncodedOrigin.TopLeft : null;
            }

            if (origin is null && chunk[4..].SequenceEqual("eXIf"u8) && length <= LongestExif && at <= file.Length)
            {
                var exif = new byte[length];
                file.ReadExactly(exif);
                origin = Orientation(exif);
            }
        }

        return null;
    }

    // TIFF: byte order, 42, where the directory lies; there a count and entries of 12 bytes: tag, type, count, value.
    private static SKEncodedOrigin Orientation(ReadOnlySpan<byte> exif)
    {
        bool little = exif.StartsWith("II*\0"u8);
        if (exif.Length < 8 || !(little || exif.StartsWith("MM\0*"u8)))
        {
            return SKEncodedOrigin.TopLeft;
        }

        uint directory = little ? BinaryPrimitives.ReadUInt32LittleEndian(exif[4..]) : BinaryPrimitives.ReadUInt32BigEndian(exif[4..]);
        for (long entry = directory + 2L, end = entry + (12L * Short(exif, directory)); entry < end && entry + 12 <= exif.Length; entry += 12)
        {
            if (Short(exif, entry) == 0x112)
            {
                int value = Short(exif, entry + 8);
                return Enum.IsDefined((SKEncodedOrigin)value) ? (SKEncodedOrigin)value : SKEncodedOrigin.TopLeft;
            }
        }

        return SKEncodedOrigin.TopLeft;

        int Short(ReadOnlySpan<byte> bytes, long at)
            => at + 2 > bytes.Length ? 0
                : little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(int)at..]) : BinaryPrimitives.ReadUInt16BigEndian(bytes[(int)at..]);
    }
}
