namespace RobustAttribution;

/// <summary>The CRC-32 of zip and PNG files.</summary>
internal static class Crc32
{
    private static readonly uint[] Table =
    [
        .. from value in Enumerable.Range(0, 256)
           select Enumerable.Range(0, 8).Aggregate((uint)value, (crc, _) => (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1),
    ];

    /// <summary>The CRC-32 of bytes behind others.</summary>
    /// <param name="crc">That of the others; 0 where there are none.</param>
    /// <param name="bytes">The bytes.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        foreach (byte value in bytes)
        {
            crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    /// <summary>The CRC-32 of a stream from its position to its end.</summary>
    public static uint Of(Stream stream)
    {
        byte[] buffer = new byte[1 << 16];
        uint crc = 0;
        while (stream.Read(buffer) is var read and > 0)
        {
            crc = Append(crc, buffer.AsSpan(0, read));
        }

        return crc;
    }
}
