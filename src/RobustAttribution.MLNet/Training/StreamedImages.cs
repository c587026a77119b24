using Microsoft.ML.Data;
using RobustAttribution.Networks;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Images above the memory budget: read again for each pass, several rows at once, and mixed in a buffer.</summary>
/// <param name="rows">Where they come from.</param>
/// <param name="input">Their shape.</param>
/// <param name="facts">The result of a first pass.</param>
/// <param name="bufferRows">Images mixed at a time, at least 1.</param>
/// <param name="part">The part of the rows to read; null for all.</param>
internal sealed class StreamedImages(TrainingRows rows, InputSpecification input, StreamFacts facts, int bufferRows, RowShare? part = null)
    : ITrainingImages
{
    public long Count { get; } = part is null ? facts.Count : rows.CountWhere(part);

    public float LargestValue => facts.Largest;

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        long skip = (long)firstBatch * batchSize;
        List<StreamedRow> batch = new(batchSize);
        foreach (StreamedRow row in Mixed(shuffleSeed))
        {
            if (skip-- > 0)
            {
                continue;
            }

            batch.Add(row);
            if (batch.Count == batchSize)
            {
                yield return ToBatch(batch);
                batch.Clear();
            }
        }

        if (batch.Count > 0)
        {
            yield return ToBatch(batch);
        }
    }

    public (ITrainingImages Remaining, ITrainingImages Held) Split(double share, long seed)
    {
        return (Part(inside: false), Part(inside: true));

        StreamedImages Part(bool inside) => new(rows, input, facts, bufferRows, new RowShare(seed, share, inside));
    }

    /// <summary>The rows in the order of the pass: the source's own, or drawn from a buffer that the source fills, shuffled if it can.</summary>
    private IEnumerable<StreamedRow> Mixed(long? shuffleSeed)
    {
        if (shuffleSeed is not long seed)
        {
            foreach (StreamedRow row in rows.Stream(facts.AreBytes, null, part))
            {
                yield return row;
            }

            yield break;
        }

        var random = new SplitMix64(seed);
        List<StreamedRow> buffer = new(Math.Min(bufferRows, 1024));
        foreach (StreamedRow row in rows.Stream(facts.AreBytes, (int)(random.Next() >> 33), part))
        {
            if (buffer.Count < bufferRows)
            {
                buffer.Add(row);
                continue;
            }

            int place = (int)random.Below(buffer.Count);
            yield return buffer[place];
            buffer[place] = row;
        }

        while (buffer.Count > 0)
        {
            int place = (int)random.Below(buffer.Count);
            yield return buffer[place];
            buffer[place] = buffer[^1];
            buffer.RemoveAt(buffer.Count - 1);
        }
    }

    private ImageBatch ToBatch(List<StreamedRow> batch)
        => TrainingBatch.Create(input, facts.AreBytes, [.. batch.Select(row => row.Label)], i => batch[i].Pixels);
}

/// <summary>The result of a first pass over a stream.</summary>
/// <param name="Count">Usable rows.</param>
/// <param name="AreBytes">Whether every value is a 255th.</param>
/// <param name="Largest">The largest value, in [0, 1].</param>
internal sealed record StreamFacts(long Count, bool AreBytes, float Largest);

/// <summary>One row in flight.</summary>
/// <param name="Pixels">Bytes in 0…255, or the bytes of floats in [0, 1].</param>
/// <param name="Label">0 to K − 1.</param>
/// <param name="Batch">Its batch in the source; rows of a lower one come first.</param>
internal readonly record struct StreamedRow(byte[] Pixels, long Label, long Batch);

/// <summary>A share of all rows, chosen by their ids, so that it is the same in every order.</summary>
/// <param name="Seed">Decides which.</param>
/// <param name="Share">Above 0, below 1.</param>
/// <param name="Inside">Whether the share itself is meant, or the rest.</param>
internal sealed record RowShare(long Seed, double Share, bool Inside)
{
    /// <summary>Whether a row belongs to it.</summary>
    public bool Contains(in DataViewRowId id)
    {
        long mixed = SplitMix64.Derive(Seed, unchecked((int)id.High), unchecked((long)id.Low));
        return ((ulong)mixed >> 11) * (1.0 / (1L << 53)) < Share == Inside;
    }
}
