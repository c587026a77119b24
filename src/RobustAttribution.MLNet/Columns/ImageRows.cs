using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Columns;

/// <summary>Reads the image and the label in the current row of a cursor: the one place where both become numbers.</summary>
/// <param name="source">The row or cursor read.</param>
/// <param name="images">The column of images.</param>
/// <param name="labels">The key column of labels; null for none.</param>
/// <param name="data">The view of which the source is a cursor, whose texts errors contain; null takes those that the source itself has.</param>
internal sealed class ImageRows(DataViewRow source, ImageColumn images, KeyColumn? labels, IDataView? data)
{
    private readonly ImageRowReader image = images.Open(source);
    private readonly Func<long>? label = labels?.Open(source);
    private readonly ValueGetter<DataViewRowId> id = source.GetIdGetter();

    /// <summary>The class of the row read last; −1 where its label is missing or there is no label column.</summary>
    public long Label { get; private set; } = -1;

    /// <summary>The columns that a cursor has to read.</summary>
    public static DataViewSchema.Column[] Columns(DataViewSchema schema, ImageColumn images, KeyColumn? labels)
        => labels is null ? [schema[images.Index]] : [schema[images.Index], schema[labels.Index]];

    /// <summary>Reads the current row, whose label may be missing.</summary>
    /// <param name="target">Gets C·H·W values in [0, 1].</param>
    /// <exception cref="BrokenImageException">The row has no readable image; the message contains the row's texts.</exception>
    public void Read(Span<float> target)
    {
        try
        {
            image.Read(target);
        }
        catch (BrokenImageException error)
        {
            throw Named(error);
        }

        Label = label?.Invoke() ?? -1;
    }

    /// <summary>Reads the current row; false, with the reason, where it has no label or no readable image.</summary>
    public bool TryReadLabelled(Span<float> target, out BrokenImageException? problem)
    {
        try
        {
            ReadLabelled(target);
            problem = null;
            return true;
        }
        catch (BrokenImageException error)
        {
            problem = error;
            return false;
        }
    }

    /// <summary>The error of the current row with the row's texts, for which the view is read again.</summary>
    public BrokenImageException Named(BrokenImageException error)
    {
        bool isDecoding = error.InnerException is ArgumentException;
        DataViewRowId row = default;
        id(ref row);
        return new(error.Message + (data is null ? RowTexts.Of(source, isDecoding) : RowTexts.Of(data, row, isDecoding)), error);
    }

    private void ReadLabelled(Span<float> target)
    {
        Label = label?.Invoke() ?? -1;
        if (Label < 0)
        {
            throw new BrokenImageException($"Label column '{labels?.Name}', row {source.Position}: the row has no label.");
        }

        image.Read(target);
    }
}

/// <summary>The images and labels of some rows, which become one batch.</summary>
/// <param name="capacity">Rows at most.</param>
/// <param name="input">The images' shape.</param>
internal sealed class RowBatch(int capacity, InputSpecification input)
{
    private readonly float[] pixels = new float[checked(capacity * input.ValueCount)]; // [capacity, C·H·W], in [0, 1]
    private readonly long[] labels = new long[capacity];

    /// <summary>Rows in the batch.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    /// <summary>The values of all images, in [0, 1].</summary>
    public ReadOnlySpan<float> Pixels => pixels.AsSpan(0, Count * input.ValueCount);

    private Span<float> Next => pixels.AsSpan(Count * input.ValueCount, input.ValueCount);

    public void Clear() => Count = 0;

    /// <summary>Adds the current row.</summary>
    /// <exception cref="BrokenImageException">The row has no readable image.</exception>
    public void Add(ImageRows rows)
    {
        rows.Read(Next);
        labels[Count++] = rows.Label;
    }

    /// <summary>Adds the current row; false where it has no label or no readable image.</summary>
    public bool TryAddLabelled(ImageRows rows)
    {
        bool usable = rows.TryReadLabelled(Next, out _);
        if (usable)
        {
            labels[Count++] = rows.Label;
        }

        return usable;
    }

    /// <summary>[N,C,H,W] in [0, 1], of the network's type and on its device; belongs to the current dispose scope.</summary>
    public Tensor Images(ImageNetwork network)
    {
        Tensor batch = empty([Count, input.Channels, input.Height, input.Width], dtype: ScalarType.Float32);
        pixels.AsSpan(0, Count * input.ValueCount).CopyTo(MemoryMarshal.Cast<byte, float>(batch.bytes));
        return batch.to(network.DataType).to(network.Device);
    }

    /// <summary>[N], int64 on the network's device, −1 where a label is missing; belongs to the current dispose scope.</summary>
    public Tensor Labels(ImageNetwork network) => tensor(labels[..Count]).to(network.Device);

    /// <summary>A 64-bit mix of the images (multiply and rotate, after MurmurHash3's block step), equal in every process.</summary>
    public long ContentSeed()
    {
        ulong hash = (ulong)Count;
        foreach (uint word in MemoryMarshal.Cast<float, uint>(pixels.AsSpan(0, Count * input.ValueCount)))
        {
            hash = (ulong.RotateLeft(hash ^ (word * 0x87C37B91114253D5UL), 31) * 5) + 0x52DCE729UL;
        }

        return (long)(hash >> 1);
    }
}
