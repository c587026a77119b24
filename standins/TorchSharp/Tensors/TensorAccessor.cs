using System.Collections;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a CPU tensor in row-major order of its shape, whatever its strides.</summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly long[] shape, strides;
    private readonly bool contiguous;
    private readonly T* first;
    private torch.Tensor? tensor;

    internal TensorAccessor(torch.Tensor tensor)
    {
        if (!tensor.is_cpu())
            throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
        this.tensor = tensor;
        (shape, strides, contiguous) = (tensor.shape, tensor.stride(), tensor.is_contiguous());
        first = (T*)tensor.DataPointer;
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    public T this[params long[] indices]
    {
        get => *At(indices);
        set => *At(indices) = value;
    }

    public T[] ToArray()
    {
        var result = new T[Count];
        CopyTo(result);
        return result;
    }

    public Array ToNDArray()
    {
        if (shape.Length == 0) return ToArray();
        var result = Array.CreateInstance(typeof(T), shape);
        fixed (byte* target = &System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(result))
            Copy(new Span<T>(target, checked((int)Count)), 0, toTensor: false);
        return result;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0) => Copy(array[arrayIndex..], tensorIndex, toTensor: false);

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        fixed (T* source = array[arrayIndex..]) Copy(new Span<T>(source, array.Length - arrayIndex), tensorIndex, toTensor: true);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => tensor = null;

    private void Copy(Span<T> array, long start, bool toTensor)
    {
        ObjectDisposedException.ThrowIf(tensor is null || tensor.IsInvalid, this);
        if (start < 0 || (start >= Count && Count > 0)) throw new ArgumentOutOfRangeException(nameof(start));
        var count = (int)Math.Min(array.Length, Count - start);
        if (contiguous)
        {
            var mine = new Span<T>(first + start, count);
            if (toTensor) array[..count].CopyTo(mine);
            else mine.CopyTo(array);
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                if (toTensor) first[Offset(start + i)] = array[i];
                else array[i] = first[Offset(start + i)];
            }
        }
        GC.KeepAlive(tensor);
    }

    private T* At(long[] indices)
    {
        ObjectDisposedException.ThrowIf(tensor is null || tensor.IsInvalid, this);
        if (indices.Length == 1)
        {
            if (indices[0] < 0 || indices[0] >= Count) throw new IndexOutOfRangeException($"{indices[0]} of {Count} elements.");
            return first + Offset(indices[0]);
        }
        long offset = 0;
        for (var i = 0; i < shape.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= shape[i]) throw new IndexOutOfRangeException($"{indices[i]} >= {shape[i]} in dimension {i}.");
            offset += indices[i] * strides[i];
        }
        return first + offset;
    }

    /// <summary>Where the element with this row-major number lies.</summary>
    private long Offset(long index)
    {
        if (contiguous) return index;
        long offset = 0;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            (index, var position) = Math.DivRem(index, shape[i]);
            offset += position * strides[i];
        }
        return offset;
    }
}
