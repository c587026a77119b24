using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Makes getters that read the members of the current row object.</summary>
internal static class RowReader<TRow>
    where TRow : class
{
    /// <summary>A getter of the column's raw type; <paramref name="current"/> hands out the row object.</summary>
    public static Delegate CreateGetter(RowMember member, DataViewType type, Func<TRow> current)
    {
        if (member.MemberType == typeof(string))
            return Converting<string, ReadOnlyMemory<char>>(member, current, text => text.AsMemory());
        if (member.MemberType == typeof(string[]))
            return ConvertingArray(member, current);
        if (member.MemberType.IsArray)
            return RowUtils.Generic<Delegate>(Array<int>, member.ElementType, member, current);
        if (member.IsVector)
            return RowUtils.Generic<Delegate>(Buffer<int>, member.ElementType, member, current);
        if (type is not PrimitiveDataViewType && !DataViewTypeManager.Knows(type))
            throw Contracts.ExceptNotSupp($"Type '{member.MemberType.FullName}' is not yet supported.");
        return type is KeyDataViewType key ? Key(member, key, current) : RowUtils.Generic<Delegate>(Value<int>, member.MemberType, member, current);
    }

    private static Delegate Value<T>(RowMember member, Func<TRow> current) => Converting<T, T>(member, current, value => value);

    private static Delegate Converting<TSource, T>(RowMember member, Func<TRow> current, Func<TSource, T> convert)
    {
        var read = member.Reader<TRow, TSource>();
        return (ValueGetter<T>)((ref T value) => value = convert(read(current())));
    }

    /// <summary>User objects count keys from 0, columns from 1; a key out of range is missing.</summary>
    private static Delegate Key(RowMember member, KeyDataViewType type, Func<TRow> current) => Type.GetTypeCode(type.RawType) switch
    {
        TypeCode.Byte => Converting<byte, byte>(member, current, key => key < type.Count ? (byte)(key + 1) : (byte)0),
        TypeCode.UInt16 => Converting<ushort, ushort>(member, current, key => key < type.Count ? (ushort)(key + 1) : (ushort)0),
        TypeCode.UInt32 => Converting<uint, uint>(member, current, key => key < type.Count ? key + 1 : 0),
        _ => Converting<ulong, ulong>(member, current, key => key < type.Count ? key + 1 : 0),
    };

    private static Delegate Array<TItem>(RowMember member, Func<TRow> current)
    {
        var read = member.Reader<TRow, TItem[]>();
        return (ValueGetter<VBuffer<TItem>>)((ref VBuffer<TItem> value) =>
        {
            var items = read(current());
            VBuffer<TItem>.Copy(items, 0, ref value, items?.Length ?? 0);
        });
    }

    private static Delegate ConvertingArray(RowMember member, Func<TRow> current)
    {
        var read = member.Reader<TRow, string[]>();
        return (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref VBuffer<ReadOnlyMemory<char>> value) =>
        {
            string[] items = read(current()) ?? [];
            var editor = VBufferEditor.Create(ref value, items.Length);
            for (int i = 0; i < items.Length; i++)
                editor.Values[i] = items[i].AsMemory();
            value = editor.Commit();
        });
    }

    private static Delegate Buffer<TItem>(RowMember member, Func<TRow> current)
    {
        var read = member.Reader<TRow, VBuffer<TItem>>();
        return (ValueGetter<VBuffer<TItem>>)((ref VBuffer<TItem> value) => read(current()).CopyTo(ref value));
    }
}
