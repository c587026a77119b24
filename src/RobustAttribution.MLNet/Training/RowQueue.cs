using System.Runtime.ExceptionServices;

namespace RobustAttribution.MLNet.Training;

/// <summary>Rows on their way from the thread that reads them to the training: a ring whose memory is used again and again.</summary>
/// <param name="buffers">Lends memory for the images, which is given back when the queue is disposed of.</param>
/// <param name="length">Rows that the reader may be ahead, at least 1.</param>
internal sealed class RowQueue(RowBuffers buffers, int length) : IDisposable
{
    private readonly object gate = new();
    private readonly byte[]?[] images = new byte[length + 1][]; // one more: the row that the consumer has
    private readonly (long Label, long Batch)[] facts = new (long, long)[length + 1];
    private long added;
    private long taken; // the latest of them is the current one
    private bool isComplete;
    private bool isStopped;

    /// <summary>The row taken last; its memory is its own until the next one is taken.</summary>
    public StreamedRow Current
    {
        get
        {
            int place = Place(taken - 1);
            return new StreamedRow(images[place]!, facts[place].Label);
        }
    }

    /// <summary>What the reader threw once its queue is complete; null where it came to the end of the data.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>The batch of the current row in the source; rows of a lower one come first.</summary>
    public long Batch => facts[Place(taken - 1)].Batch;

    /// <summary>Waits for a row and takes it; false at the end, where the reader failed, and once the queue was stopped.</summary>
    public bool MoveNext()
    {
        lock (gate)
        {
            while (taken == added && !isComplete && !isStopped)
            {
                Monitor.Wait(gate);
            }

            if (isStopped || taken == added)
            {
                return false;
            }

            taken++;
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Waits for room and adds a row; false once the queue was stopped.</summary>
    /// <param name="image">C·H·W values in [0, 1], which are copied; empty where only rows are counted.</param>
    /// <param name="label">0 to K − 1.</param>
    /// <param name="batch">Its batch in the source.</param>
    public bool TryAdd(ReadOnlySpan<float> image, long label, long batch)
    {
        lock (gate)
        {
            while (added - taken == length && !isStopped)
            {
                Monitor.Wait(gate);
            }

            if (isStopped)
            {
                return false;
            }
        }

        int place = Place(added); // the reader's alone until it is added
        images[place] ??= image.IsEmpty ? [] : buffers.Rent();
        PixelStore.Write(image, images[place], buffers.HoldsBytes);
        facts[place] = (label, batch);
        lock (gate)
        {
            added++;
            Monitor.Pulse(gate);
        }

        return true;
    }

    /// <summary>Says that no row comes any more.</summary>
    /// <param name="error">What the reader threw; null where it came to the end.</param>
    public void Complete(Exception? error)
    {
        lock (gate)
        {
            Failure = error is null ? null : ExceptionDispatchInfo.Capture(error);
            isComplete = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Ends all waiting, the reader's and the consumer's: nobody wants the rest.</summary>
    public void Stop()
    {
        lock (gate)
        {
            isStopped = true;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Gives the memory back; the reader must have ended.</summary>
    public void Dispose()
    {
        foreach (byte[]? image in images)
        {
            if (image is { Length: > 0 })
            {
                buffers.Return(image);
            }
        }
    }

    private int Place(long row) => (int)(row % images.Length);
}

/// <summary>One row of a stream.</summary>
/// <param name="Pixels">Bytes in 0…255, or the bytes of floats in [0, 1]; overwritten when the next row is read.</param>
/// <param name="Label">0 to K − 1.</param>
internal readonly record struct StreamedRow(byte[] Pixels, long Label);

/// <summary>Memory for the images of a stream, kept from pass to pass.</summary>
/// <param name="valueCount">C·H·W.</param>
/// <param name="asBytes">Whether a value takes one byte; otherwise it is a float.</param>
internal sealed class RowBuffers(int valueCount, bool asBytes)
{
    private readonly Stack<byte[]> free = new();

    /// <summary>Whether values are bytes in 0…255; otherwise floats in [0, 1].</summary>
    public bool HoldsBytes => asBytes;

    /// <summary>Memory for one image, of any content.</summary>
    public byte[] Rent()
    {
        lock (free)
        {
            if (free.TryPop(out byte[]? buffer))
            {
                return buffer;
            }
        }

        return GC.AllocateUninitializedArray<byte>(valueCount * (asBytes ? 1 : sizeof(float)));
    }

    public void Return(byte[] buffer)
    {
        lock (free)
        {
            free.Push(buffer);
        }
    }
}
