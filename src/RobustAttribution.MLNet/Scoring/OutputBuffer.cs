using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Scoring;

/// <summary>Draws an image of the network's size from the float values of a row.</summary>
internal delegate TDrawn RowDrawing<out TDrawn>(ReadOnlySpan<float> values, InputSpecification input);

/// <summary>Draws an image of the source image's size from the float values of a row.</summary>
internal delegate TDrawn SourceDrawing<out TDrawn>(ReadOnlySpan<float> values, InputSpecification input, ResizePolicy policy, MLImage source);

/// <summary>Makes a column's value of the numbers of a row. The value passed in may be reused.</summary>
internal delegate void RowReader<T, TValue>(ReadOnlySpan<T> row, ref TValue value);

/// <summary>One column's values of a batch of rows, copied out of the tensors so that nothing of them outlives the computation.</summary>
internal abstract class OutputBuffer
{
    /// <summary>A <see cref="ValueGetter{TValue}"/> that reads the row whose place in the batch <paramref name="row"/> returns.</summary>
    /// <param name="row">Computes the row first if needed.</param>
    /// <param name="input">The row or cursor of the input that stands at the row wanted.</param>
    /// <param name="data">The view of which the input is a cursor, for errors; null for a row alone.</param>
    public abstract Delegate CreateGetter(Func<int> row, DataViewRow input, IDataView? data);

    /// <summary>Takes the values [N, …] of N rows from a tensor on any device.</summary>
    public abstract void Fill(Tensor values);

    public static OutputBuffer Booleans() => new OutputBuffer<bool, bool>(ScalarType.Bool, (row, ref value) => value = row[0]);

    public static OutputBuffer Singles() => new OutputBuffer<float, float>(ScalarType.Float32, (row, ref value) => value = row[0]);

    /// <summary>Classes 0, 1, … become the keys 1, 2, …</summary>
    public static OutputBuffer Keys() => new OutputBuffer<long, uint>(ScalarType.Int64, (row, ref value) => value = (uint)row[0] + 1);

    public static OutputBuffer Vectors() => new OutputBuffer<float, VBuffer<float>>(ScalarType.Float32, (row, ref value) =>
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, row.Length);
        row.CopyTo(editor.Values);
        value = editor.Commit();
    });

    /// <summary>Each image is drawn when it is asked for.</summary>
    public static OutputBuffer Images(RowDrawing<MLImage> draw, InputSpecification input)
        => new OutputBuffer<float, MLImage>(ScalarType.Float32, (row, ref image) =>
        {
            image?.Dispose();
            image = draw(row, input);
        });

    /// <summary>Each file is drawn when it is asked for; its bytes are copied into the value, which belongs to whoever asked.</summary>
    public static OutputBuffer Files(RowDrawing<byte[]> draw, InputSpecification input)
        => new OutputBuffer<float, VBuffer<byte>>(ScalarType.Float32, (row, ref value) => Copy(draw(row, input), ref value));

    /// <summary>As <see cref="Files"/>, over the row's own image.</summary>
    public static OutputBuffer SourceFiles(SourceDrawing<byte[]> draw, InputSpecification input, ResizePolicy policy, DataViewSchema.Column source)
        => new OutputBuffer<float, VBuffer<byte>>(ScalarType.Float32, (row, data) =>
        {
            var images = new MLImageReader(row, row.Schema[source.Index]);
            return (values, ref file) => Copy(draw(values, input, policy, ImageRows.ReadNamed(images.Read, row, data)), ref file);
        });

    private static void Copy(byte[] file, ref VBuffer<byte> value)
    {
        VBufferEditor<byte> editor = VBufferEditor.Create(ref value, file.Length);
        file.CopyTo(editor.Values);
        value = editor.Commit();
    }
}

/// <summary>Values that are made of numbers of one type.</summary>
/// <typeparam name="T">The numbers.</typeparam>
/// <typeparam name="TValue">The column's values.</typeparam>
/// <param name="type">The numbers' type in tensors.</param>
/// <param name="open">Makes, for a row or cursor of the input, what makes a value of the numbers of a row.</param>
internal sealed class OutputBuffer<T, TValue>(ScalarType type, Func<DataViewRow, IDataView?, RowReader<T, TValue>> open) : OutputBuffer
    where T : struct
{
    private T[] values = [];
    private int width;

    public OutputBuffer(ScalarType type, RowReader<T, TValue> read)
        : this(type, (_, _) => read)
    {
    }

    public override Delegate CreateGetter(Func<int> row, DataViewRow input, IDataView? data)
    {
        RowReader<T, TValue> read = open(input, data);
        return new ValueGetter<TValue>((ref TValue value) =>
        {
            int index = row(); // fills the buffer first
            read(values.AsSpan(index * width, width), ref value);
        });
    }

    public override void Fill(Tensor values)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor dense = values.detach().to(type).cpu().contiguous();
        if (dense.numel() * dense.element_size() > int.MaxValue)
        {
            long rows = Math.Max(1, int.MaxValue / (dense.numel() / dense.shape[0] * dense.element_size()));
            throw new InvalidOperationException(
                $"A new column of {dense.shape[0]} rows takes {dense.numel() * dense.element_size()} bytes, more than 2 GiB."
                + $" Set BatchSize to at most {rows}.");
        }

        int count = (int)dense.numel();
        width = count / (int)dense.shape[0];
        if (this.values.Length < count)
        {
            this.values = new T[count];
        }

        MemoryMarshal.Cast<byte, T>(dense.bytes).CopyTo(this.values);
    }
}
