using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Training;

/// <summary>The rows of a view that a training can use: images with labels.</summary>
/// <param name="env">Its cancellation is honoured.</param>
/// <param name="data">The view.</param>
/// <param name="images">The column of images.</param>
/// <param name="labels">The column of labels.</param>
/// <param name="input">What the network takes.</param>
/// <param name="policy">What happens to rows that cannot be used.</param>
/// <param name="cancellationToken">Checked before each row.</param>
internal sealed class TrainingRows(
    IHostEnvironment env,
    IDataView data,
    ImageColumn images,
    KeyColumn labels,
    InputSpecification input,
    BrokenRows policy,
    CancellationToken cancellationToken)
{
    private const int LeastAhead = 64; // rows that each reader may be ahead: as many as ML.NET hands out to a cursor of a set at a time

    /// <summary>Rows left out in the first pass.</summary>
    public long Skipped { get; private set; }

    /// <summary>Why the first of them was.</summary>
    public string? FirstProblem { get; private set; }

    /// <summary>Reads all rows: into memory as far as the budget goes, else ready to be streamed.</summary>
    /// <param name="budget">Bytes that images may take; above it half of them are a buffer for mixing.</param>
    public ITrainingImages Load(long budget)
    {
        PixelStore? pixels = new(input.ValueCount);
        List<long> classes = [];
        long count = 0;
        bool areBytes = true;
        float largest = 0;
        var scale = new ScaleWarning(env, "RobustImageClassification", images);
        using DataViewRowCursor cursor = data.GetRowCursor(Columns());
        var reader = new RowReader(new ImageRows(cursor, images, labels, data), input, policy);
        while (cursor.MoveNext())
        {
            Check();
            if (!reader.TryRead(out BrokenImageException? problem))
            {
                Skipped++;
                FirstProblem ??= reader.Named(problem!).Message;
                continue;
            }

            count++;
            scale.CheckImage(reader.Image);
            if (pixels is not null)
            {
                pixels.Add(reader.Image);
                classes.Add(reader.Label);
                (areBytes, largest) = (pixels.HoldsBytes, pixels.Largest);
                if (pixels.BytesWithOneMore > budget)
                {
                    (pixels, classes) = (null, []);
                }
            }
            else
            {
                areBytes = areBytes && PixelStore.AreBytes(reader.Image);
                largest = Math.Max(largest, reader.Image.Max());
            }
        }

        if (pixels is not null)
        {
            return new CachedImages(input, pixels, classes);
        }

        long rowBytes = input.ValueCount * (areBytes ? 1L : sizeof(float));
        int bufferRows = (int)Math.Clamp(budget / 2 / rowBytes, 1, Math.Max(1, count));
        var buffers = new RowBuffers(input.ValueCount, areBytes);
        return new StreamedImages(this, input, new StreamFacts(count, areBytes, largest), buffers, bufferRows);
    }

    /// <summary>Usable rows of a share.</summary>
    /// <param name="part">The share.</param>
    /// <param name="buffers">Memory that this takes nothing of.</param>
    public long CountWhere(RowShare part, RowBuffers buffers)
    {
        long count = 0;
        foreach (StreamedRow row in Stream(null, part, buffers, LeastAhead, countOnly: true))
        {
            count++;
        }

        return count;
    }

    /// <summary>Reads one pass on several threads, in an order that depends on the seed alone.</summary>
    /// <exception cref="OperationCanceledException">The token or the context was cancelled.</exception>
    /// <param name="shuffleSeed">Given to the source, where it can shuffle; null keeps its order.</param>
    /// <param name="part">The rows wanted; null for all.</param>
    /// <param name="buffers">Lends memory for images, and says how they are stored.</param>
    /// <param name="ahead">Rows that the threads may be ahead together, where that is more than a few for each.</param>
    /// <param name="countOnly">Whether images are left empty.</param>
    /// <returns>Rows whose pixels are overwritten when the next one is asked for.</returns>
    public IEnumerable<StreamedRow> Stream(int? shuffleSeed, RowShare? part, RowBuffers buffers, int ahead, bool countOnly = false)
    {
        Random? random = shuffleSeed is int seed ? new Random(seed) : null;
        DataViewRowCursor[] cursors = data.GetRowCursorSet(Columns(), Environment.ProcessorCount, random);
        int length = Math.Max(LeastAhead, ahead / cursors.Length);
        RowQueue[] queues = Array.ConvertAll(cursors, _ => new RowQueue(buffers, length));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenRegistration wake = stop.Token.Register(() => Array.ForEach(queues, queue => queue.Stop()));
        Task[] readers = [.. cursors.Select((cursor, i) => Task.Factory.StartNew(
            () => ReadInto(cursor, queues[i], part, countOnly, stop.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        try
        {
            List<RowQueue> open = [.. queues];
            open.RemoveAll(queue => !MoveNext(queue));
            while (open.Count > 0)
            {
                RowQueue first = Lowest(open);
                Check();
                yield return first.Current;
                if (!MoveNext(first))
                {
                    open.Remove(first);
                }
            }
        }
        finally
        {
            stop.Cancel();
            Task.WaitAll(readers);
            Array.ForEach(queues, queue => queue.Dispose());
        }

        bool MoveNext(RowQueue queue)
        {
            if (queue.MoveNext())
            {
                return true;
            }

            Check(); // a queue that was stopped ends as one at the end of the data does
            queue.Failure?.Throw();
            return false;
        }
    }

    /// <summary>The queue whose row comes next: that of the lowest batch, which gives the order of a single cursor.</summary>
    private static RowQueue Lowest(List<RowQueue> open)
    {
        RowQueue lowest = open[0];
        foreach (RowQueue queue in open)
        {
            lowest = queue.Batch < lowest.Batch ? queue : lowest;
        }

        return lowest;
    }

    /// <summary>Reads a cursor to its end; what it throws goes to the consumer by the queue.</summary>
    private void ReadInto(DataViewRowCursor cursor, RowQueue queue, RowShare? part, bool countOnly, CancellationToken stop)
    {
        Exception? failure = null;
        try
        {
            using (cursor)
            {
                var reader = new RowReader(new ImageRows(cursor, images, labels, data), input, policy);
                ValueGetter<DataViewRowId> idGetter = cursor.GetIdGetter();
                DataViewRowId id = default;
                bool isWanted = true;
                while (isWanted && !stop.IsCancellationRequested && cursor.MoveNext())
                {
                    idGetter(ref id);
                    if (part?.Contains(id) != false && reader.TryRead(out _))
                    {
                        isWanted = queue.TryAdd(countOnly ? [] : reader.Image, reader.Label, cursor.Batch);
                    }
                }
            }
        }
        catch (Exception error)
        {
            failure = error;
        }

        queue.Complete(failure);
    }

    private DataViewSchema.Column[] Columns() => ImageRows.Columns(data.Schema, images, labels);

    private void Check()
    {
        HostSettings.CheckAlive(env);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Reads the current row of one cursor, as the policy says.</summary>
    private sealed class RowReader(ImageRows rows, InputSpecification input, BrokenRows policy)
    {
        private readonly float[] image = new float[input.ValueCount];

        /// <summary>C·H·W values in [0, 1]; overwritten by the next row.</summary>
        public float[] Image => image;

        /// <summary>0 to K − 1.</summary>
        public long Label => rows.Label;

        /// <summary>Reads the row; false, with the reason, where it cannot be used and may be left out.</summary>
        /// <exception cref="BrokenImageException">It cannot be used, and the policy is to fail.</exception>
        public bool TryRead(out BrokenImageException? problem)
            => rows.TryReadLabelled(image, out problem) || (policy == BrokenRows.Skip ? false : throw new BrokenImageException(
                $"{Named(problem!).Message} To leave such rows out, set BrokenRows = BrokenRows.Skip.", problem));

        /// <summary>The reason with the row's texts.</summary>
        public BrokenImageException Named(BrokenImageException problem) => rows.Named(problem);
    }
}
