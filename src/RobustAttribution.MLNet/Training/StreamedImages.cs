using Microsoft.ML.Data;
using RobustAttribution.Networks;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Images above the memory budget: read again for each pass, several rows at once, and mixed in a buffer.</summary>
/// <param name="rows">Where they come from.</param>
/// <param name="input">Their shape.</param>
/// <param name="facts">The result of a first pass.</param>
/// <param name="buffers">Memory for images, which the parts of a split share.</param>
/// <param name="bufferRows">Images mixed at a time, at least 1.</param>
/// <param name="part">The part of the rows to read; null for all.</param>
internal sealed class StreamedImages(
    TrainingRows rows, InputSpecification input, StreamFacts facts, RowBuffers buffers, int bufferRows, RowShare? part = null) : ITrainingImages
{
    private const int BatchesAhead = 2; // that are decoded while one is trained on

    public long Count { get; } = part is null ? facts.Count : rows.CountWhere(part, buffers);

    public float LargestValue => facts.Largest;

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        using IEnumerator<StreamedRow> mixed = Mixed(shuffleSeed, Math.Min(BatchesAhead * batchSize, bufferRows)).GetEnumerator();
        for (long skip = (long)firstBatch * batchSize; skip > 0 && mixed.MoveNext(); skip--)
        {
        }

        while (mixed.MoveNext())
        {
            yield return TrainingBatch.Create(input, facts.AreBytes, (int)Math.Min(batchSize, Count), mixed);
        }
    }

    public (ITrainingImages Remaining, ITrainingImages Held) Split(double share, long seed)
    {
        return (Part(inside: false), Part(inside: true));

        StreamedImages Part(bool inside) => new(rows, input, facts, buffers, bufferRows, new RowShare(seed, share, inside));
    }

    /// <summary>The rows in the order of the pass: the source's own, or drawn from a buffer that the source fills, shuffled if it can.</summary>
    private IEnumerable<StreamedRow> Mixed(long? shuffleSeed, int ahead)
    {
        if (shuffleSeed is not long seed)
        {
            foreach (StreamedRow row in rows.Stream(null, part, buffers, ahead))
            {
                yield return row;
            }

            yield break;
        }

        var random = new SplitMix64(seed);
        List<StreamedRow> buffer = new(Math.Min(bufferRows, 1024));
        try
        {
            foreach (StreamedRow row in rows.Stream((int)(random.Next() >> 33), part, buffers, ahead))
            {
                if (buffer.Count < bufferRows)
                {
                    byte[] copy = buffers.Rent();
                    row.Pixels.CopyTo(copy, 0);
                    buffer.Add(row with { Pixels = copy });
                    continue;
                }

                int place = (int)random.Below(buffer.Count);
                yield return buffer[place];
                row.Pixels.CopyTo(buffer[place].Pixels, 0);
                buffer[place] = row with { Pixels = buffer[place].Pixels };
            }

            while (buffer.Count > 0)
            {
                int place = (int)random.Below(buffer.Count);
                yield return buffer[place];
                buffers.Return(buffer[place].Pixels);
                buffer[place] = buffer[^1];
                buffer.RemoveAt(buffer.Count - 1);
            }
        }
        finally
        {
            buffer.ForEach(row => buffers.Return(row.Pixels));
        }
    }
}

/// <summary>The result of a first pass over a stream.</summary>
/// <param name="Count">Usable rows.</param>
/// <param name="AreBytes">Whether every value is a 255th.</param>
/// <param name="Largest">The largest value, in [0, 1].</param>
internal sealed record StreamFacts(long Count, bool AreBytes, float Largest);

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
