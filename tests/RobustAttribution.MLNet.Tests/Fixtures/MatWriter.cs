using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RobustAttribution.MLNet.Tests.Fixtures;

/// <summary>Writes MATLAB files from the published description of level 5 MAT-files.</summary>
internal static class MatWriter
{
    /// <summary>An array's element: flags (class 9, uint8), dimensions, name, values; up to four values make a small element.</summary>
    public static byte[] Matrix(string name, int[] dimensions, byte[] values, int type = 2, byte flags = 0)
    {
        byte[] inner =
        [
            .. Tag(6, 8), 9, flags, 0, 0, 0, 0, 0, 0,
            .. Padded(5, [.. dimensions.SelectMany(Little)]),
            .. Padded(1, Encoding.ASCII.GetBytes(name)),
            .. Padded(type, values),
        ];
        return [.. Tag(14, inner.Length), .. inner];
    }

    public static byte[] Padded(int type, byte[] data)
        => data.Length is > 0 and <= 4
            ? [.. Little(type | (data.Length << 16)), .. data, .. new byte[4 - data.Length]]
            : [.. Tag(type, data.Length), .. data, .. new byte[(8 - (data.Length % 8)) % 8]];

    public static byte[] Tag(int type, int length) => [.. Little(type), .. Little(length)];

    public static byte[] Little(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Element(byte[] matrix, bool compress)
    {
        if (!compress)
        {
            return matrix;
        }

        byte[] stream = Compress(matrix);
        return [.. Tag(15, stream.Length), .. stream];
    }

    public static byte[] Compress(byte[] content)
    {
        using var target = new MemoryStream();
        using (var zlib = new ZLibStream(target, CompressionLevel.Fastest))
        {
            zlib.Write(content);
        }

        return target.ToArray();
    }

    public static byte[] Header() => [.. Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file, made by a test".PadRight(116)), .. new byte[8], 0, 1, (byte)'I', (byte)'M'];
}
