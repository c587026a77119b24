using RobustAttribution.Networks;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Images and classes in memory, or a part of them.</summary>
/// <param name="input">Their shape.</param>
/// <param name="pixels">The images.</param>
/// <param name="classes">The class of each image, 0 to K − 1.</param>
/// <param name="rows">The images of the part; null for all of them, in their order.</param>
internal sealed class CachedImages(InputSpecification input, PixelStore pixels, IReadOnlyList<long> classes, long[]? rows = null)
    : ITrainingImages, ISharedImages
{
    public long Count => rows?.LongLength ?? pixels.Count;

    public bool IsInMemory => true;

    public float LargestValue => pixels.Largest;

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
        => ReadShares(Communicator.Single, batchSize, shuffleSeed, firstBatch).Select(shared => shared.Batch);

    public IEnumerable<SharedBatch> ReadShares(ICommunicator communicator, int batchSize, long? shuffleSeed, int firstBatch)
    {
        foreach (long[] batch in ImageOrder.Batches(Count, batchSize, shuffleSeed, firstBatch))
        {
            var share = BatchShare.Of(batch.Length, communicator);
            long[] places = share.Of(batch);
            for (int i = 0; rows is not null && i < places.Length; i++)
            {
                places[i] = rows[places[i]];
            }

            yield return new(TrainingBatch.Create(input, pixels, places, classes), share);
        }
    }

    public (ITrainingImages Remaining, ITrainingImages Held) Split(double share, long seed)
    {
        int held = (int)Math.Clamp((long)Math.Round(Count * share), 1, Count);
        long[] order = new SplitMix64(seed).Permutation(Count);
        return (Part(order[held..]), Part(order[..held]));
    }

    private CachedImages Part(long[] part)
    {
        Array.Sort(part);
        return new CachedImages(input, pixels, classes, part);
    }
}
