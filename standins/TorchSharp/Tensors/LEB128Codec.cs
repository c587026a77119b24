namespace TorchSharp.Utils;

/// <summary>Whole numbers in the variable-length form of TorchSharp's files: seven bits a byte, low ones first, bit 7 set on all but the last.</summary>
internal static class LEB128Codec
{
    internal static void Encode(this BinaryWriter writer, long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        for (; value > 0x7f; value >>= 7) writer.Write((byte)(0x80 | (value & 0x7f)));
        writer.Write((byte)value);
    }

    internal static long Decode(this BinaryReader reader)
    {
        long value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = reader.ReadByte();
            value |= (long)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
        throw new InvalidDataException("A whole number of more than 64 bits: not a file of TorchSharp's.");
    }
}
