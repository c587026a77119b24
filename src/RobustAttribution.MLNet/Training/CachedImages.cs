using RobustAttribution.Networks;
using RobustAttribution.Training;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Training;

/// <summary>Images and classes in memory, or a part of them.</summary>
internal sealed class CachedImages : ITrainingImages
{
    private readonly InputSpecification input;
    private readonly PixelStore pixels;
    private readonly IReadOnlyList<long> classes;
    private readonly long[]? rows; // null: all of them, in their order

    public CachedImages(InputSpecification input, PixelStore pixels, IReadOnlyList<long> classes)
        : this(input, pixels, classes, null)
    {
    }

    private CachedImages(InputSpecification input, PixelStore pixels, IReadOnlyList<long> classes, long[]? rows)
    {
        this.input = input;
        this.pixels = pixels;
        this.classes = classes;
        this.rows = rows;
    }

    public long Count => rows?.LongLength ?? pixels.Count;

    public float LargestValue => pixels.Largest;

    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        long[]? order = shuffleSeed is long seed ? new SplitMix64(seed).Permutation(Count) : null;
        for (long start = (long)firstBatch * batchSize; start < Count; start += batchSize)
        {
            yield return Batch(order, start, (int)Math.Min(batchSize, Count - start));
        }
    }

    public (ITrainingImages Remaining, ITrainingImages Held) Split(double share, long seed)
    {
        long held = Math.Clamp((long)Math.Round(Count * share), 1, Count);
        if (held >= Count)
        {
            throw new ArgumentException($"ValidationSetFraction is {share} of {Count} images, which leaves none to train on.");
        }

        long[] order = new SplitMix64(seed).Permutation(Count);
        Array.Sort(order, 0, (int)held);
        Array.Sort(order, (int)held, (int)(Count - held));
        return (new CachedImages(input, pixels, classes, order[(int)held..]), new CachedImages(input, pixels, classes, order[..(int)held]));
    }

    private ImageBatch Batch(long[]? order, long start, int count)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor images = empty([count, input.Channels, input.Height, input.Width], dtype: pixels.HoldsBytes ? ScalarType.Byte : ScalarType.Float32);
        Span<byte> target = images.bytes;
        int rowBytes = target.Length / count;
        long[] labels = new long[count];
        for (int i = 0; i < count; i++)
        {
            long place = order is null ? start + i : order[start + i];
            long row = rows is null ? place : rows[place];
            pixels.CopyTo(row, target.Slice(i * rowBytes, rowBytes));
            labels[i] = classes[(int)row];
        }

        return new ImageBatch(images.MoveToOuterDisposeScope(), tensor(labels).MoveToOuterDisposeScope());
    }
}
