using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Values as they lie in memory, little-endian.</summary>
internal sealed class IdvNumberCodec<T> : IdvCodec<T>
    where T : unmanaged
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<T> values) => writer.Write(MemoryMarshal.AsBytes(values));

    public override T[] Read(BinaryReader reader, int count)
    {
        var values = new T[CheckCount(reader, count, Unsafe.SizeOf<T>())];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}

/// <summary>The ends of the texts in characters, then all texts as one string.</summary>
internal sealed class IdvTextCodec : IdvCodec<ReadOnlyMemory<char>>
{
    public override string LoadName => "TextSpan";

    public override void Write(BinaryWriter writer, ReadOnlySpan<ReadOnlyMemory<char>> values)
    {
        writer.Write(values.Length);
        int end = 0;
        foreach (var text in values)
            writer.Write(end += text.Length);
        writer.Write(string.Concat(values.ToArray().Select(text => text.ToString())));
    }

    public override ReadOnlyMemory<char>[] Read(BinaryReader reader, int count)
    {
        int entries = CheckCount(reader, reader.ReadInt32(), sizeof(int));
        Contracts.CheckDecode(entries == count, $"Corrupt binary data: {entries} texts instead of {count}");
        int[] ends = Enumerable.Range(0, count).Select(_ => reader.ReadInt32() & int.MaxValue).ToArray();
        var all = reader.ReadString().AsMemory();
        var values = new ReadOnlyMemory<char>[count];
        int start = 0;
        for (int i = 0; i < count; i++)
        {
            Contracts.CheckDecode(start <= ends[i] && ends[i] <= all.Length, "Corrupt binary data: text boundaries");
            values[i] = all[start..ends[i]];
            start = ends[i];
        }

        return values;
    }
}

/// <summary>Eight to a byte, the first in the lowest bit.</summary>
internal sealed class IdvBooleanCodec : IdvCodec<bool>
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<bool> values)
    {
        byte[] bytes = new byte[(values.Length + 7) / 8];
        for (int i = 0; i < values.Length; i++)
            bytes[i / 8] |= (byte)(values[i] ? 1 << (i % 8) : 0);
        writer.Write(bytes);
    }

    public override bool[] Read(BinaryReader reader, int count)
    {
        byte[] bytes = reader.ReadBytes(CheckCount(reader, (count + 7) / 8, 1));
        return Enumerable.Range(0, count).Select(i => (bytes[i / 8] >> (i % 8) & 1) != 0).ToArray();
    }
}

internal sealed class IdvDateTimeCodec : IdvCodec<DateTime>
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<DateTime> values)
    {
        foreach (var value in values)
            writer.Write(value.Ticks);
    }

    public override DateTime[] Read(BinaryReader reader, int count)
        => Enumerable.Range(0, CheckCount(reader, count, sizeof(long))).Select(_ => new DateTime(reader.ReadInt64())).ToArray();
}

/// <summary>All offsets in minutes, then all local times.</summary>
internal sealed class IdvDateTimeOffsetCodec : IdvCodec<DateTimeOffset>
{
    public override void Write(BinaryWriter writer, ReadOnlySpan<DateTimeOffset> values)
    {
        foreach (var value in values)
            writer.Write((short)value.Offset.TotalMinutes);
        foreach (var value in values)
            writer.Write(value.Ticks);
    }

    public override DateTimeOffset[] Read(BinaryReader reader, int count)
    {
        CheckCount(reader, count, sizeof(short) + sizeof(long));
        var offsets = Enumerable.Range(0, count).Select(_ => TimeSpan.FromMinutes(reader.ReadInt16())).ToArray();
        return offsets.Select(offset => new DateTimeOffset(reader.ReadInt64(), offset)).ToArray();
    }
}

/// <summary>Keys, stored as their raw numbers; the number of keys belongs to the definition.</summary>
internal sealed class IdvKeyCodec<T>(KeyDataViewType type) : IdvCodec<T>
    where T : unmanaged
{
    private readonly IdvNumberCodec<T> _numbers = new();

    public override string LoadName => "Key2";

    public override DataViewType Type => type;

    public override void Write(BinaryWriter writer, ReadOnlySpan<T> values) => _numbers.Write(writer, values);

    public override T[] Read(BinaryReader reader, int count) => _numbers.Read(reader, count);

    protected override void WriteParameters(BinaryWriter writer)
    {
        _numbers.WriteDefinition(writer);
        writer.Write(type.Count);
    }
}
