using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How the values of one column type are laid out in a block of a binary data view file, and how the type itself is written down.</summary>
internal abstract class IdvCodec
{
    private static readonly Dictionary<string, IdvCodec> Scalars = new IdvCodec[]
    {
        new IdvNumberCodec<sbyte>(), new IdvNumberCodec<byte>(), new IdvNumberCodec<short>(), new IdvNumberCodec<ushort>(),
        new IdvNumberCodec<int>(), new IdvNumberCodec<uint>(), new IdvNumberCodec<long>(), new IdvNumberCodec<ulong>(),
        new IdvNumberCodec<float>(), new IdvNumberCodec<double>(), new IdvNumberCodec<TimeSpan>(), new IdvNumberCodec<DataViewRowId>(),
        new IdvTextCodec(), new IdvBooleanCodec(), new IdvDateTimeCodec(), new IdvDateTimeOffsetCodec(),
    }.ToDictionary(codec => codec.LoadName);

    private static readonly Dictionary<DataViewType, IdvCodec> ScalarsByType = Scalars.Values.ToDictionary(codec => codec.Type);

    public abstract string LoadName { get; }

    public abstract DataViewType Type { get; }

    /// <summary>The codec of a type, or null where values of the type cannot be stored (images, handles).</summary>
    public static IdvCodec CreateOrNull(DataViewType type) => type switch
    {
        KeyDataViewType key => Key(key),
        VectorDataViewType vector => CreateOrNull(vector.ItemType) is { } item ? Vector(vector, item) : null,
        _ => ScalarsByType.GetValueOrDefault(type),
    };

    /// <summary>Reads what <see cref="WriteDefinition"/> wrote.</summary>
    public static IdvCodec ReadDefinition(BinaryReader reader)
    {
        string name = reader.ReadString();
        long length = reader.Read7BitEncodedInt64();
        long start = reader.BaseStream.Position;
        IdvCodec codec = name switch
        {
            "Key2" => ReadKey(reader),
            "VBuffer" => ReadVector(reader),
            _ => Scalars.GetValueOrDefault(name) ?? throw Contracts.ExceptDecode($"Did not recognize value codec signature '{name}'"),
        };
        Contracts.CheckDecode(reader.BaseStream.Position - start == length, $"The definition of codec '{name}' has a wrong length");
        return codec;
    }

    public void WriteDefinition(BinaryWriter writer)
    {
        using var parameters = new MemoryStream();
        using (var inner = new BinaryWriter(parameters, Encoding.UTF8, leaveOpen: true))
            WriteParameters(inner);
        writer.Write(LoadName);
        writer.Write7BitEncodedInt64(parameters.Length);
        writer.Write(parameters.ToArray());
    }

    public abstract void WriteBlock(BinaryWriter writer, Array values, int count);

    public abstract Array ReadBlock(BinaryReader reader, int count);

    protected virtual void WriteParameters(BinaryWriter writer)
    {
    }

    /// <summary>A count out of a file, which must leave room for that many items of at least <paramref name="itemSize"/> bytes.</summary>
    protected static int CheckCount(BinaryReader reader, long count, int itemSize)
    {
        long available = reader.BaseStream.Length - reader.BaseStream.Position;
        Contracts.CheckDecode(count >= 0 && count * itemSize <= available, $"Corrupt binary data: {count} values in {available} bytes");
        return (int)count;
    }

    private static IdvCodec Key(KeyDataViewType type)
        => (IdvCodec)Activator.CreateInstance(typeof(IdvKeyCodec<>).MakeGenericType(type.RawType), type);

    private static IdvCodec Vector(VectorDataViewType type, IdvCodec item)
        => (IdvCodec)Activator.CreateInstance(typeof(IdvVectorCodec<>).MakeGenericType(type.ItemType.RawType), type, item);

    private static IdvCodec ReadKey(BinaryReader reader)
    {
        var inner = ReadDefinition(reader);
        ulong count = reader.ReadUInt64();
        Contracts.CheckDecode(KeyDataViewType.IsValidDataType(inner.Type.RawType), $"Corrupt binary data: keys of type {inner.Type}");
        return Key(new KeyDataViewType(inner.Type.RawType, count));
    }

    private static IdvCodec ReadVector(BinaryReader reader)
    {
        var item = ReadDefinition(reader);
        int rank = CheckCount(reader, reader.ReadInt32(), sizeof(int));
        int[] dimensions = Enumerable.Range(0, rank).Select(_ => reader.ReadInt32()).ToArray();
        if (item.Type is not PrimitiveDataViewType itemType)
            throw Contracts.ExceptDecode($"Corrupt binary data: vectors of {item.Type}");
        return Vector(rank == 0 ? new VectorDataViewType(itemType) : new VectorDataViewType(itemType, dimensions), item);
    }
}

/// <summary>A codec of values of one .NET type.</summary>
internal abstract class IdvCodec<T> : IdvCodec
{
    public override string LoadName => typeof(T).Name;

    public override DataViewType Type => ColumnTypeExtensions.PrimitiveTypeFromType(typeof(T));

    public abstract void Write(BinaryWriter writer, ReadOnlySpan<T> values);

    public abstract T[] Read(BinaryReader reader, int count);

    public sealed override void WriteBlock(BinaryWriter writer, Array values, int count) => Write(writer, ((T[])values).AsSpan(0, count));

    public sealed override Array ReadBlock(BinaryReader reader, int count) => Read(reader, count);
}
