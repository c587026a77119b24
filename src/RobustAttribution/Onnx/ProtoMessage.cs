using System.Text;

namespace RobustAttribution.Onnx;

/// <summary>A protocol buffers message under construction: varints and length-delimited fields are all that ONNX needs.</summary>
/// <remarks>Long fields are kept, not copied, so weights are in memory once.</remarks>
internal sealed class ProtoMessage
{
    private const int VarintField = 0, LengthField = 2;

    private readonly List<ReadOnlyMemory<byte>> parts = [];
    private long length;

    /// <summary>Adds an integer.</summary>
    public ProtoMessage Number(int field, long value)
    {
        Header(field, VarintField);
        return Varint((ulong)value);
    }

    /// <summary>Adds a text in UTF-8.</summary>
    public ProtoMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Adds bytes, which must not change any more.</summary>
    public ProtoMessage Bytes(int field, ReadOnlyMemory<byte> value)
    {
        Header(field, LengthField);
        Varint((ulong)value.Length);
        return Add(value);
    }

    /// <summary>Adds a finished message.</summary>
    public ProtoMessage Message(int field, ProtoMessage value)
    {
        Header(field, LengthField);
        Varint((ulong)value.length);
        value.parts.ForEach(part => Add(part));
        return this;
    }

    /// <summary>Adds one field for each item.</summary>
    public ProtoMessage Each<T>(IEnumerable<T> items, Func<ProtoMessage, T, ProtoMessage> add)
    {
        foreach (T item in items)
        {
            add(this, item);
        }

        return this;
    }

    /// <summary>Writes the message.</summary>
    /// <exception cref="NotSupportedException">It is longer than protocol buffers may be, 2 GiB.</exception>
    public void WriteTo(Stream stream)
    {
        if (length > int.MaxValue)
        {
            throw new NotSupportedException(
                $"The ONNX file would have {length} bytes; allowed are at most {int.MaxValue}, the limit of its format.");
        }

        parts.ForEach(part => stream.Write(part.Span));
    }

    private void Header(int field, int kind) => Varint(((ulong)field << 3) | (uint)kind);

    private ProtoMessage Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return Add((byte[])[.. bytes, (byte)value]);
    }

    private ProtoMessage Add(ReadOnlyMemory<byte> part)
    {
        length += part.Length;
        parts.Add(part);
        return this;
    }
}
