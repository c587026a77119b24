using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Evaluation;

/// <summary>The rows of a scored view, read once and batch by batch: what every evaluation on a network goes through.</summary>
internal sealed class ScoredRows
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly IHostEnvironment env;
    private readonly IDataView view;
    private readonly string name;
    private readonly ImageColumn images;
    private readonly KeyColumn? labels;
    private RowBatch? latest; // the batch that was measured last

    /// <param name="env">Its cancellation is honoured.</param>
    /// <param name="view">The view.</param>
    /// <param name="name">The evaluation, for errors and progress.</param>
    /// <param name="scoreColumnName">The column that carries the network.</param>
    /// <param name="imageColumnName">The column of images; null for the one that the network was trained on.</param>
    /// <param name="labelColumnName">The key column of labels; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or does not fit the network.</exception>
    public ScoredRows(
        IHostEnvironment env, IDataView view, string name, string scoreColumnName, string? imageColumnName = null, string? labelColumnName = null)
    {
        (this.env, this.view, this.name) = (env, view, name);
        Network = NetworkHandle.Find(view.Schema, scoreColumnName, name);
        images = ImageColumn.Bind(
            view.Schema, imageColumnName ?? Network.Images.ColumnName, Network.Input, Network.Images.PixelScale, Network.Images.Resize);
        if (labelColumnName is not null)
        {
            labels = Network.BindLabels(view.Schema, labelColumnName);
        }
    }

    /// <summary>A measurement of one batch; its tensors belong to a dispose scope that ends with it.</summary>
    /// <param name="network">The network, under inspection, while nobody else uses it.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="labels">[N], int64, −1 where a label is missing; null without a label column.</param>
    /// <param name="generator">Draws the same for the same seed and images.</param>
    /// <param name="places">The images' rows in the view.</param>
    public delegate T Measurement<T>(ImageNetwork network, Tensor images, Tensor? labels, Generator generator, IReadOnlyList<long> places);

    /// <summary>The network that the view carries.</summary>
    public NetworkHandle Network { get; }

    /// <summary>The classes' names, or their numbers from 1.</summary>
    public IReadOnlyList<string> ClassNames
        => Network.ClassNames?.Names ?? [.. Enumerable.Range(1, Network.ClassCount).Select(number => number.ToString())];

    /// <summary>Images in one computation; null, the default, for the model's number.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Start of the random draws.</summary>
    public int Seed { get; init; }

    /// <summary>Whether rows without label or readable image are left out; else a missing label is −1 and a broken image an error.</summary>
    public bool LabelledOnly { get; init; }

    /// <summary>The batches to measure; the others' rows are passed over unread. All by default.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Called with the rows read after each batch.</summary>
    public Action<long>? Progress { get; init; }

    public CancellationToken CancellationToken { get; init; }

    /// <summary>Rows of the view, read or passed over; known after the last batch.</summary>
    public long RowCount { get; private set; }

    /// <summary>Rows left out so far.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Reads the view and measures batch by batch. Rows are read before the network is taken, which their own columns may need.</summary>
    public IEnumerable<T> Measure<T>(Measurement<T> measure) => MeasureBatches(measure).Select(batch => batch.Result);

    /// <summary>The same with the batches' numbers, from 0.</summary>
    public IEnumerable<(long Batch, T Result)> MeasureBatches<T>(Measurement<T> measure)
    {
        using var progress = new RowProgress(env, name, view.GetRowCount(), ReportInterval);
        long done = 0;
        foreach ((long number, RowBatch batch, List<long> places) in ReadBatches())
        {
            progress.BeginBatch();
            T result = default!;
            batch.Compute(() => Network.Use(network =>
            {
                using IDisposable scope = NewDisposeScope();
                using Generator generator = RobustnessMeasurement.GeneratorFor(Seed);
                result = measure(network, batch.Images(network), labels is null ? null : batch.Labels(network), generator, places);
            }));
            progress.EndBatch(batch.Count);
            done += batch.Count;
            Progress?.Invoke(done);
            latest = batch;
            yield return (number, result);
        }
    }

    /// <summary>Measures the batches of the shard and keeps what they give.</summary>
    public MeasuredShard Keep<T>(IEnumerable<(long Batch, T Result)> batches, IReadOnlyList<ShardSetting> settings)
    {
        ShardBatch[] kept = [.. batches.Select(batch => ShardBatch.Of(0, batch.Batch, batch.Result) with { Images = latest!.Hash() })];
        return new MeasuredShard(Shard, RowCount, settings, kept);
    }

    /// <summary>The batches of shards that belong together and to this view, whose images are read to compare them.</summary>
    /// <exception cref="ArgumentException">As <see cref="MeasuredShard.Together"/>, or a shard is of other images; the message names it.</exception>
    public IReadOnlyList<ShardBatch> Together(IReadOnlyList<MeasuredShard> shards, IReadOnlyList<ShardSetting> settings)
    {
        IReadOnlyList<ShardBatch> batches = MeasuredShard.Together(shards, settings);
        string[] hashes = [.. ReadBatches().Select(read => read.Batch.Hash())];
        MeasuredShard.RequireRows(shards, RowCount);
        foreach (MeasuredShard shard in shards)
        {
            if (shard.Batches.FirstOrDefault(batch => batch.Batch >= hashes.Length || batch.Images != hashes[batch.Batch]) is { } other)
            {
                int size = BatchSize ?? Network.BatchSize;
                long first = other.Batch * size, last = Math.Min(RowCount, first + size) - 1;
                throw new ArgumentException(
                    $"Shard {shard.Shard} was measured on other images or labels than this view has: they differ within the rows {first} to {last}"
                    + $" of {RowCount}, counted from 0. All jobs and the merge take the same rows.",
                    nameof(shards));
            }
        }

        return batches;
    }

    /// <summary>What shards of one measurement have in common: model, columns, batches, draws; options are added.</summary>
    public ShardSettings Settings(string evaluation) => new ShardSettings()
        .With("evaluation", evaluation)
        .With("model", Network)
        .With("classes", string.Join(", ", ClassNames))
        .With("image column", images.Name)
        .With("label column", labels?.Name ?? "none")
        .With("batch size", BatchSize ?? Network.BatchSize)
        .With("seed", Seed);

    /// <summary>Reads the batches of the shard; what it gives holds until the next is read.</summary>
    private IEnumerable<(long Number, RowBatch Batch, List<long> Places)> ReadBatches()
    {
        using DataViewRowCursor cursor = view.GetRowCursor(ImageRows.Columns(view.Schema, images, labels));
        var rows = new ImageRows(cursor, images, labels, view);
        var batch = new RowBatch(BatchSize ?? Network.BatchSize, Network.Input);
        var scale = new ScaleWarning(env, name, images);
        List<long> places = [];
        for (long number = 0; MoveToShard(cursor, ref number) && Read(cursor, rows, batch, places); number++)
        {
            scale.Check(batch.Pixels);
            yield return (number, batch, places);
        }
    }

    /// <summary>Passes over the batches of other shards; false where the view ends within them.</summary>
    private bool MoveToShard(DataViewRowCursor cursor, ref long number)
    {
        for (; !Shard.Has(number); number++)
        {
            for (int row = 0; row < (BatchSize ?? Network.BatchSize); row++)
            {
                if (!MoveNext(cursor))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool Read(DataViewRowCursor cursor, ImageRows rows, RowBatch batch, List<long> places)
    {
        batch.Clear();
        places.Clear();
        while (!batch.IsFull && MoveNext(cursor))
        {
            if (!LabelledOnly)
            {
                batch.Add(rows);
            }
            else if (!batch.TryAddLabelled(rows))
            {
                LeftOut++;
                continue;
            }

            places.Add(cursor.Position);
        }

        return batch.Count > 0;
    }

    private bool MoveNext(DataViewRowCursor cursor)
    {
        HostSettings.CheckAlive(env);
        CancellationToken.ThrowIfCancellationRequested();
        bool moved = cursor.MoveNext();
        RowCount += moved ? 1 : 0;
        return moved;
    }
}
