using System.Runtime.InteropServices;
using System.Security.Cryptography;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Columns;

/// <summary>The images and labels of some rows, which become one batch.</summary>
/// <param name="capacity">Rows at most.</param>
/// <param name="input">The images' shape.</param>
/// <param name="maximumBytes">Of the images together; what the bytes of a tensor can be by default.</param>
internal sealed class RowBatch(int capacity, InputSpecification input, int maximumBytes = int.MaxValue)
{
    private readonly long[] labels = new long[capacity];
    private float[] pixels = []; // [rows, C·H·W], in [0, 1]; room for the rows that came, not for the capacity

    /// <summary>Rows in the batch.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    /// <summary>The values of all images, in [0, 1].</summary>
    public ReadOnlySpan<float> Pixels => pixels.AsSpan(0, Count * input.ValueCount);

    private Span<float> Next
    {
        get
        {
            Reserve(Count + 1);
            return pixels.AsSpan(Count * input.ValueCount, input.ValueCount);
        }
    }

    /// <summary>SHA-256 of images and labels.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(Pixels));
        hash.AppendData(MemoryMarshal.AsBytes(labels.AsSpan(0, Count)));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

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
        Tensor batch = empty([Count, input.Channels, input.Height, input.Width], dtype: ScalarType.Float32, device: CPU);
        Pixels.CopyTo(MemoryMarshal.Cast<byte, float>(batch.bytes));
        return Upload.To(network.Device, batch.to(network.DataType));
    }

    /// <summary>[N], int64 on the network's device, −1 where a label is missing; belongs to the current dispose scope.</summary>
    public Tensor Labels(ImageNetwork network) => Upload.To(network.Device, tensor(labels[..Count], device: CPU));

    /// <summary>Computes something of the batch.</summary>
    /// <exception cref="InsufficientMemoryException">There is not enough memory; the message names BatchSize.</exception>
    public void Compute(Action compute)
    {
        try
        {
            compute();
        }
        catch (Exception error)
            when (error is InsufficientMemoryException || (error is ExternalException native && AttributionMethod.IsOutOfMemory(native)))
        {
            throw NoMemory(Count, error);
        }
    }

    private string Shape => $"{input.Channels}×{input.Height}×{input.Width}";

    private void Reserve(int rows)
    {
        long needed = (long)rows * input.ValueCount;
        if (needed <= pixels.Length)
        {
            return;
        }

        long most = maximumBytes / sizeof(float) / input.ValueCount; // rows
        if (rows > most)
        {
            throw new InvalidOperationException(
                $"BatchSize is {capacity}, and a batch has {rows} images of {Shape} or more; {most} of them are all that one tensor holds here."
                + $" Set BatchSize to at most {most}.");
        }

        long room = Math.Min(Math.Max(needed, 2L * pixels.Length), Math.Min(capacity, most) * input.ValueCount);
        try
        {
            Array.Resize(ref pixels, (int)room);
        }
        catch (OutOfMemoryException error)
        {
            throw NoMemory(rows, error);
        }
    }

    private InsufficientMemoryException NoMemory(int rows, Exception error) => new(
        $"BatchSize is {capacity}, and {rows} images of {Shape} took more memory than there is. Set BatchSize to at most {Math.Max(1, rows / 2)}."
        + $" ({error.Message.Split('\n')[0]})",
        error);
}
