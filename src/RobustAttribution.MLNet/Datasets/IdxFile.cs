using System.Buffers.Binary;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>A file of bytes in MNIST's IDX format, plain or compressed with gzip.</summary>
/// <param name="Dimensions">Length of each dimension; the first counts the items.</param>
/// <param name="Values">All bytes, in the order of the dimensions.</param>
internal sealed record IdxFile(IReadOnlyList<int> Dimensions, byte[] Values)
{
    private const byte UnsignedByte = 0x08;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, gzip or not: its first bytes tell.</param>
    /// <param name="rank">Dimensions expected.</param>
    /// <exception cref="InvalidDataException">
    /// The file is not IDX, of other values than bytes, of another rank, cut off or too long. The message names file, position, what was expected
    /// and what was found.
    /// </exception>
    public static IdxFile Read(string path, int rank)
    {
        using FileStream file = File.OpenRead(path);
        bool compressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        using Stream stream = compressed ? GzipFile.Open(path) : file;
        try
        {
            return Read(stream, path, rank, compressed ? null : file.Length);
        }
        catch (InvalidDataException damage) when (compressed && !damage.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw DamagedFile.AtByte(path, 0, "a gzip stream", damage.Message, damage);
        }
    }

    private static IdxFile Read(Stream stream, string path, int rank, long? fileLength)
    {
        byte[] header = new byte[4 + (4 * rank)];
        int got = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        bool wrong = got >= 4 && (header[0] != 0 || header[1] != 0 || header[2] != UnsignedByte || header[3] != rank);
        if (wrong || got < header.Length)
        {
            string found = (wrong ? $"0x{BinaryPrimitives.ReadUInt32BigEndian(header):X8}" : "the end of the file")
                + FileKind.Remark(header.AsSpan(0, got), stream);
            throw wrong
                ? DamagedFile.AtByte(path, 0, $"the IDX magic number 0x{(UnsignedByte << 8) | rank:X8}", found)
                : DamagedFile.AtByte(path, got, $"an IDX header of {header.Length} bytes", found);
        }

        int[] dimensions = new int[rank];
        long total = 1;
        for (int i = 0; i < rank; i++)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + (4 * i)));
            total = length == 0 || total > Array.MaxLength / length ? -1 : total * length;
            if (total < 0)
            {
                throw DamagedFile.AtByte(
                    path, 4 + (4 * i), $"a length of dimension {i} so that all values number 1 to {Array.MaxLength}", length.ToString());
            }

            dimensions[i] = (int)length;
        }

        if (fileLength is long actual && actual != header.Length + total)
        {
            throw DamagedFile.AtByte(
                path, header.Length, $"{total} values ({string.Join('×', dimensions)})", $"{actual - header.Length} bytes to the end of the file");
        }

        byte[] values = GrowingReader.Read(
            stream, (int)total, read => DamagedFile.AtByte(path, header.Length + read, $"{total} values", $"the end of the file after {read}"));
        return stream.ReadByte() < 0
            ? new IdxFile(dimensions, values)
            : throw DamagedFile.AtByte(path, header.Length + total, "the end of the file", "more bytes");
    }
}
