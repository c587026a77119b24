using System.Collections.Concurrent;
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
    private const int QueueLength = 64; // rows that a reader may be ahead

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
        return new StreamedImages(this, input, new StreamFacts(count, areBytes, largest), bufferRows);
    }

    /// <summary>Usable rows of a share.</summary>
    public long CountWhere(RowShare part) => Stream(asBytes: true, null, part, countOnly: true).LongCount();

    /// <summary>Reads one pass on several threads, in an order that depends on the seed alone.</summary>
    /// <exception cref="OperationCanceledException">The token or the context was cancelled.</exception>
    /// <param name="asBytes">Whether images come as bytes; else as floats.</param>
    /// <param name="shuffleSeed">Given to the source, where it can shuffle; null keeps its order.</param>
    /// <param name="part">The rows wanted; null for all.</param>
    /// <param name="countOnly">Whether images may be left empty.</param>
    public IEnumerable<StreamedRow> Stream(bool asBytes, int? shuffleSeed, RowShare? part, bool countOnly = false)
    {
        Random? random = shuffleSeed is int seed ? new Random(seed) : null;
        DataViewRowCursor[] cursors = data.GetRowCursorSet(Columns(), Environment.ProcessorCount, random);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        BlockingCollection<StreamedRow>[] queues = Array.ConvertAll(cursors, _ => new BlockingCollection<StreamedRow>(QueueLength));
        Task[] readers = [.. cursors.Select((cursor, i) => Task.Factory.StartNew(
            () => ReadInto(cursor, queues[i], asBytes, part, countOnly, stop.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        try
        {
            foreach (StreamedRow row in Merge(queues))
            {
                Check();
                yield return row;
            }

            Check(); // readers that were cancelled end their queues as those at the end of the data do
            foreach (Task reader in readers)
            {
                reader.GetAwaiter().GetResult(); // throws what the reader threw
            }
        }
        finally
        {
            stop.Cancel();
            Task.WhenAll(readers).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
            Array.ForEach(queues, queue => queue.Dispose());
        }
    }

    /// <summary>The rows of all cursors of a set, lower batches first, which is the order of a single cursor.</summary>
    private static IEnumerable<StreamedRow> Merge(BlockingCollection<StreamedRow>[] queues)
    {
        IEnumerator<StreamedRow>[] heads = [.. queues.Select(queue => queue.GetConsumingEnumerable().GetEnumerator())];
        List<IEnumerator<StreamedRow>> open = [.. heads.Where(head => head.MoveNext())];
        while (open.Count > 0)
        {
            IEnumerator<StreamedRow> first = open.MinBy(head => head.Current.Batch)!;
            yield return first.Current;
            if (!first.MoveNext())
            {
                open.Remove(first);
            }
        }
    }

    private void ReadInto(
        DataViewRowCursor cursor, BlockingCollection<StreamedRow> queue, bool asBytes, RowShare? part, bool countOnly, CancellationToken stop)
    {
        try
        {
            using (cursor)
            {
                var reader = new RowReader(new ImageRows(cursor, images, labels, data), input, policy);
                ValueGetter<DataViewRowId> idGetter = cursor.GetIdGetter();
                DataViewRowId id = default;
                while (cursor.MoveNext())
                {
                    idGetter(ref id);
                    if (part?.Contains(id) == false || !reader.TryRead(out _))
                    {
                        continue;
                    }

                    queue.Add(new StreamedRow(countOnly ? [] : reader.Copy(asBytes), reader.Label, cursor.Batch), stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // the consumer left; it does not want the rest
        }
        finally
        {
            queue.CompleteAdding();
        }
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

        /// <summary>The image in memory of its own.</summary>
        public byte[] Copy(bool asBytes)
        {
            byte[] copy = new byte[image.Length * (asBytes ? 1 : sizeof(float))];
            PixelStore.Write(image, copy, asBytes);
            return copy;
        }
    }
}
