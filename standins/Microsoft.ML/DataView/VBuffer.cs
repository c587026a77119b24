using System.Collections;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A vector value, dense or sparse. Its arrays belong to whoever holds the buffer and are reused through <see cref="VBufferEditor"/>.</summary>
public readonly struct VBuffer<T> : IEnumerable
{
    /// <summary>The logical length.</summary>
    public readonly int Length;

    private readonly T[] _values;
    private readonly int[] _indices;
    private readonly int _count;

    /// <summary>A dense vector over <paramref name="values"/>, which it takes over.</summary>
    public VBuffer(int length, T[] values, int[] indices = null)
    {
        Contracts.CheckParam(length >= 0, nameof(length));
        Contracts.CheckParam((values?.Length ?? 0) >= length, nameof(values));
        Length = length;
        _count = length;
        _values = values;
        _indices = indices;
    }

    /// <summary>A vector with <paramref name="count"/> explicit values at increasing <paramref name="indices"/>; dense where count = length.</summary>
    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        Contracts.CheckParam(length >= 0, nameof(length));
        Contracts.CheckParam(0 <= count && count <= length, nameof(count));
        Contracts.CheckParam((values?.Length ?? 0) >= count, nameof(values));
        Contracts.CheckParam(count == length || (indices?.Length ?? 0) >= count, nameof(indices));
        Length = length;
        _count = count;
        _values = values;
        _indices = indices;
    }

    public bool IsDense => _count == Length;

    /// <summary>The explicit values.</summary>
    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    /// <summary>The places of the explicit values; empty where dense.</summary>
    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    public void CopyToDense(ref VBuffer<T> destination)
    {
        var editor = VBufferEditor.Create(ref destination, Length);
        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination)
    {
        var editor = VBufferEditor.Create(ref destination, Length, _count);
        GetValues().CopyTo(editor.Values);
        GetIndices().CopyTo(editor.Indices);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        Contracts.CheckParam(0 <= sourceIndex && sourceIndex <= Length, nameof(sourceIndex));
        Contracts.CheckParam(0 <= length && sourceIndex <= Length - length, nameof(length));
        int first = FirstSlotFrom(sourceIndex);
        int count = FirstSlotFrom(sourceIndex + length) - first;
        var editor = VBufferEditor.Create(ref destination, length, count);
        GetValues().Slice(first, count).CopyTo(editor.Values);
        for (int i = 0; i < editor.Indices.Length; i++)
            editor.Indices[i] = _indices[first + i] - sourceIndex;
        destination = editor.Commit();
    }

    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        Contracts.CheckParam(0 <= destinationIndex && destinationIndex <= destination.Length - Length,
            nameof(destination), "Not large enough to hold these values.");
        var target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            GetValues().CopyTo(target);
            return;
        }

        target.Fill(_count == 0 ? default : defaultValue); // the original, too, ignores defaultValue where nothing is explicit
        for (int i = 0; i < _count; i++)
            target[_indices[i]] = _values[i];
    }

    public static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        int size = source?.Length ?? 0;
        Contracts.CheckParam(0 <= length && length <= size, nameof(length));
        Contracts.CheckParam(0 <= sourceIndex && sourceIndex <= size - length, nameof(sourceIndex));
        var editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    /// <summary>Slots and values: the explicit ones, or <paramref name="all"/>.</summary>
    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false) => Items(_values, _indices, Length, _count, all);

    public IEnumerable<T> DenseValues() => Items(all: true).Select(item => item.Value);

    public void GetItemOrDefault(int index, ref T destination) => destination = GetItemOrDefault(index);

    public T GetItemOrDefault(int index)
    {
        Contracts.CheckParam(0 <= index && index < Length, nameof(index));
        int place = IsDense ? index : _count == 0 ? -1 : Array.BinarySearch(_indices, 0, _count, index);
        return place < 0 ? default : _values[place];
    }

    public IEnumerator GetEnumerator() => _values.GetEnumerator();

    public override string ToString()
        => IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    internal VBufferEditor<T> GetEditor(int length, int? valuesCount, int? maxCapacity, bool keepOldOnResize, bool requireIndicesOnDense)
    {
        Contracts.CheckParam(length >= 0, nameof(length), "Must be non-negative.");
        Contracts.CheckParam(valuesCount is null or >= 0, nameof(valuesCount), "If specified, must be non-negative.");
        Contracts.CheckParam(valuesCount is null || valuesCount <= length, nameof(valuesCount), $"If specified, must be no greater than {nameof(length)}");
        int count = valuesCount ?? length;
        var values = _values;
        bool newValues = Grow(ref values, count, maxCapacity, keepOldOnResize);
        var indices = _indices;
        bool wantsIndices = count != length || requireIndicesOnDense;
        bool newIndices = wantsIndices && Grow(ref indices, count, maxCapacity, keepOldOnResize);
        return new(length, count, values, indices, wantsIndices, newValues, newIndices);
    }

    internal VBufferEditor<T> GetEditor() => GetEditor(Length, _count, null, false, false);

    private static bool Grow<TItem>(ref TItem[] array, int size, int? maxCapacity, bool keepOld)
    {
        int current = array?.Length ?? 0;
        if (current >= size)
        {
            array ??= [];
            return false;
        }

        int capacity = (int)Math.Min(maxCapacity ?? Array.MaxLength, Math.Max(2L * current, size));
        if (keepOld)
            Array.Resize(ref array, Math.Max(capacity, size));
        else
            array = new TItem[Math.Max(capacity, size)];
        return true;
    }

    private static IEnumerable<KeyValuePair<int, T>> Items(T[] values, int[] indices, int length, int count, bool all)
    {
        bool dense = count == length;
        int slot = 0;
        for (int i = 0; i < count; i++)
        {
            int place = dense ? i : indices[i];
            for (; all && slot < place; slot++)
                yield return new(slot, default);
            yield return new(place, values[i]);
            slot = place + 1;
        }

        for (; all && slot < length; slot++)
            yield return new(slot, default);
    }

    private int FirstSlotFrom(int index)
    {
        if (IsDense)
            return index;
        if (_count == 0)
            return 0;
        int place = Array.BinarySearch(_indices, 0, _count, index);
        return place < 0 ? ~place : place;
    }
}
