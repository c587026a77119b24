using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>One column's values of a batch of rows, copied out of the tensors so that nothing of them outlives the computation.</summary>
internal abstract class OutputBuffer
{
    /// <summary>A <see cref="ValueGetter{TValue}"/> that reads the row whose place in the batch <paramref name="row"/> tells.</summary>
    public abstract Delegate CreateGetter(Func<int> row);

    /// <summary>Fills the first rows from a tensor of as many values, on any device.</summary>
    public abstract void Fill(Tensor values);

    /// <summary>Copies a tensor's values into <paramref name="target"/>, converted to its type.</summary>
    protected static void Copy<T>(Tensor values, Span<T> target, ScalarType type)
        where T : struct
    {
        using IDisposable scope = NewDisposeScope();
        Tensor dense = values.detach().to(type).cpu().contiguous();
        MemoryMarshal.Cast<byte, T>(dense.bytes).CopyTo(target);
    }
}

/// <summary>Values of type <typeparamref name="T"/>, one in each row.</summary>
internal sealed class ScalarBuffer<T>(int capacity) : OutputBuffer
{
    public T[] Values { get; } = new T[capacity];

    public override Delegate CreateGetter(Func<int> row) => new ValueGetter<T>((ref T value) => value = Values[row()]);

    public override void Fill(Tensor values)
    {
        int count = (int)values.numel();
        switch (Values)
        {
            case float[] target:
                Copy(values, target.AsSpan(0, count), ScalarType.Float32);
                break;
            case double[] target:
                Copy(values, target.AsSpan(0, count), ScalarType.Float64);
                break;
            case bool[] target:
                Copy(values, target.AsSpan(0, count), ScalarType.Bool);
                break;
            case uint[] keys: // classes 0, 1, … become keys 1, 2, …
                Span<long> classes = stackalloc long[Math.Min(count, 1024)];
                for (int start = 0; start < count; start += classes.Length)
                {
                    int length = Math.Min(classes.Length, count - start);
                    using Tensor part = values.narrow(0, start, length);
                    Copy(part, classes, ScalarType.Int64);
                    for (int i = 0; i < length; i++)
                    {
                        keys[start + i] = (uint)classes[i] + 1;
                    }
                }

                break;
            default:
                throw new NotSupportedException($"No conversion from a tensor to {typeof(T)}.");
        }
    }
}

/// <summary>Float vectors of one size, one in each row.</summary>
internal sealed class VectorBuffer(int capacity, int size) : OutputBuffer
{
    private readonly float[] values = new float[capacity * size];

    public override Delegate CreateGetter(Func<int> row) => new ValueGetter<VBuffer<float>>((ref VBuffer<float> value) =>
    {
        int index = row();
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, size);
        values.AsSpan(index * size, size).CopyTo(editor.Values);
        value = editor.Commit();
    });

    public override void Fill(Tensor tensor) => Copy(tensor, values.AsSpan(0, (int)tensor.numel()), ScalarType.Float32);
}
