using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using RobustAttribution.MLNet.Columns;

namespace RobustAttribution.MLNet.Datasets;

/// <summary>An array of bytes in a MATLAB file.</summary>
/// <param name="Dimensions">Lengths; the first dimension varies fastest.</param>
/// <param name="Values">All values.</param>
/// <param name="Position">Where its element starts in the file.</param>
internal sealed record MatArray(IReadOnlyList<int> Dimensions, byte[] Values, long Position);

/// <summary>
/// Reads arrays of bytes from MATLAB's level 5 MAT-files, plain or zlib-compressed elements (The MathWorks, "MAT-File Format", chapter 1).
/// Little-endian files only.
/// </summary>
internal static class MatFile
{
    private const int HeaderBytes = 128;
    private const uint Int8Type = 1;
    private const uint UInt8Type = 2;
    private const uint Int32Type = 5;
    private const uint UInt32Type = 6;
    private const uint MatrixType = 14;
    private const uint CompressedType = 15;
    private const int ComplexFlag = 0x08;

    /// <summary>Reads the arrays of the names given; others are skipped.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is not such a file, is cut off, or lacks an array; the message names file, position, what was expected and what was found.
    /// </exception>
    public static IReadOnlyDictionary<string, MatArray> Read(string path, params IReadOnlyCollection<string> names)
    {
        using FileStream file = File.OpenRead(path);
        CheckHeader(file, path);
        Dictionary<string, MatArray> arrays = [];
        byte[] tag = new byte[8];
        while (file.Position < file.Length)
        {
            long start = file.Position;
            int got = file.ReadAtLeast(tag, tag.Length, throwOnEndOfStream: false);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(tag);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(tag.AsSpan(4));
            if (got < tag.Length || length > file.Length - file.Position)
            {
                string expected = got < tag.Length ? "an element's tag of 8 bytes" : $"an element of {length} bytes";
                throw DamagedFile.AtByte(path, start, expected, $"the end of the file after {file.Length - start - (got < 8 ? 0 : 8)}");
            }

            if (type is not (MatrixType or CompressedType))
            {
                throw DamagedFile.AtByte(path, start, $"an element of type {MatrixType} (array) or {CompressedType} (compressed)", $"type {type}");
            }

            (string Name, MatArray Array)? found = ReadElement(file, path, start, type, names);
            if (found is var (name, array) && !arrays.TryAdd(name, array))
            {
                throw DamagedFile.AtByte(path, start, $"one array {name}", "another of that name");
            }

            file.Position = start + tag.Length + length;
        }

        string? missing = names.FirstOrDefault(name => !arrays.ContainsKey(name));
        return missing is null ? arrays : throw DamagedFile.AtByte(path, file.Length, $"an array named {missing}", "the end of the file");
    }

    private static void CheckHeader(FileStream file, string path)
    {
        byte[] header = new byte[HeaderBytes];
        int got = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        string remark = header.AsSpan().StartsWith("MATLAB"u8) ? string.Empty : FileKind.Remark(header.AsSpan(0, got));
        if (got < header.Length)
        {
            throw DamagedFile.AtByte(path, got, $"a MAT-file's header of {HeaderBytes} bytes", "the end of the file" + remark);
        }

        if (header[126] != 'I' || header[127] != 'M')
        {
            throw DamagedFile.AtByte(path, 126, "a little-endian level 5 MAT-file's mark 'IM'", $"0x{header[126]:X2}{header[127]:X2}{remark}");
        }

        int version = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(124));
        if (version != 0x0100)
        {
            string advice = version == 0x0200 ? " (version 7.3, HDF5; save it again with '-v7')" : string.Empty;
            throw DamagedFile.AtByte(path, 124, "version 0x0100", $"0x{version:X4}{advice}");
        }
    }

    private static (string Name, MatArray Array)? ReadElement(FileStream file, string path, long start, uint type, IReadOnlyCollection<string> names)
    {
        if (type == MatrixType)
        {
            return ReadMatrix(new Elements(file, path, start + 8, compressed: false), start, names);
        }

        using var zlib = new ZLibStream(file, CompressionMode.Decompress, leaveOpen: true);
        try
        {
            var elements = new Elements(zlib, path, start, compressed: true);
            (uint inner, _, _) = elements.Tag();
            (string, MatArray)? matrix = inner == MatrixType
                ? ReadMatrix(elements, start, names)
                : throw elements.Wrong($"an array (type {MatrixType})", $"type {inner}");
            zlib.CopyTo(Stream.Null); // to the end, where the checksum is
            return matrix;
        }
        catch (InvalidDataException damage) when (!damage.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw DamagedFile.AtByte(path, start, "a zlib stream", damage.Message, damage);
        }
    }

    /// <summary>Reads an array's parts: flags, dimensions, name, values.</summary>
    private static (string Name, MatArray Array)? ReadMatrix(Elements elements, long start, IReadOnlyCollection<string> names)
    {
        byte[] flags = elements.Part(UInt32Type, "array flags", 8);
        byte[] dimensionBytes = elements.Part(Int32Type, "dimensions", 8, 4 * 32);
        string name = Encoding.ASCII.GetString(elements.Part(Int8Type, "a name", 0, 1024));
        if (!names.Contains(name))
        {
            return null;
        }

        int[] dimensions = new int[dimensionBytes.Length / 4];
        long total = 1;
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = BinaryPrimitives.ReadInt32LittleEndian(dimensionBytes.AsSpan(4 * i));
            total = dimensions[i] <= 0 || total > Array.MaxLength / dimensions[i]
                ? throw elements.Wrong(
                    $"dimensions of {name} whose product is 1 to {Array.MaxLength}", $"{dimensions[i]} as length of dimension {i}")
                : total * dimensions[i];
        }

        if ((flags[1] & ComplexFlag) != 0)
        {
            throw elements.Wrong($"real values in {name}", "complex ones");
        }

        (uint type, uint length, byte[]? small) = elements.Tag();
        if (type != UInt8Type)
        {
            throw elements.Wrong($"bytes (type {UInt8Type}) in {name}", $"type {type}");
        }

        if (length != total)
        {
            throw elements.Wrong($"{total} values ({string.Join('×', dimensions)}) in {name}", length.ToString());
        }

        return (name, new MatArray(dimensions, small ?? elements.Bytes((int)length), start));
    }

    /// <summary>Reads data elements one after the other, and knows where it is.</summary>
    private sealed class Elements(Stream stream, string path, long start, bool compressed)
    {
        private long position;

        /// <summary>A tag; a small element's data come with it.</summary>
        public (uint Type, uint Length, byte[]? Small) Tag()
        {
            byte[] tag = Bytes(8);
            uint first = BinaryPrimitives.ReadUInt32LittleEndian(tag);
            uint smallLength = first >> 16;
            if (smallLength == 0)
            {
                return (first, BinaryPrimitives.ReadUInt32LittleEndian(tag.AsSpan(4)), null);
            }

            return smallLength <= 4
                ? (first & 0xFFFF, smallLength, tag[4..(4 + (int)smallLength)])
                : throw Wrong("a small element of 1 to 4 bytes", smallLength.ToString());
        }

        /// <summary>A whole element with its padding.</summary>
        public byte[] Part(uint type, string what, int minimum, int maximum = 0)
        {
            (uint found, uint length, byte[]? small) = Tag();
            if (found != type || length < minimum || length > Math.Max(minimum, maximum))
            {
                throw Wrong($"{what} (type {type}, {minimum} to {Math.Max(minimum, maximum)} bytes)", $"type {found} of {length} bytes");
            }

            if (small is not null)
            {
                return small;
            }

            byte[] bytes = Bytes((int)length);
            Bytes((8 - ((int)length % 8)) % 8);
            return bytes;
        }

        public byte[] Bytes(int count)
        {
            byte[] bytes = GrowingReader.Read(stream, count, read =>
            {
                position += read;
                return Wrong($"{count} bytes", $"the end after {read}");
            });
            position += count;
            return bytes;
        }

        public InvalidDataException Wrong(string expected, string found)
            => compressed
                ? DamagedFile.AtByte(path, start, $"{expected} in the compressed element, before its byte {position}", found)
                : DamagedFile.AtByte(path, start + position, expected, found);
    }
}
