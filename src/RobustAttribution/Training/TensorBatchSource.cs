using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Images that are in memory already, as one tensor. The tensors stay the caller's.</summary>
public sealed class TensorBatchSource : ISharedImages
{
    private readonly Tensor images;
    private readonly Tensor classes;

    /// <summary>Makes a source over tensors that must outlive it.</summary>
    /// <param name="images">[N,C,H,W], uint8 in 0…255 or float in [0, 1].</param>
    /// <param name="classes">[N], int64.</param>
    /// <exception cref="ArgumentException">A shape or type is wrong.</exception>
    public TensorBatchSource(Tensor images, Tensor classes)
    {
        this.images = Require.NotNull(images, nameof(images));
        this.classes = Require.NotNull(classes, nameof(classes));
        if (images.dim() != 4 || images.dtype is not (ScalarType.Byte or ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentException(
                $"images is {images.dtype} [{string.Join(',', images.shape)}]; allowed is Byte, Float32 or Float64 [N,C,H,W].", nameof(images));
        }

        if (classes.dim() != 1 || classes.dtype != ScalarType.Int64 || classes.shape[0] != images.shape[0])
        {
            throw new ArgumentException(
                $"classes is {classes.dtype} [{string.Join(',', classes.shape)}]; allowed is Int64 [{images.shape[0]}].", nameof(classes));
        }
    }

    /// <inheritdoc/>
    public long Count => images.shape[0];

    /// <inheritdoc/>
    public IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0)
    {
        Require.InRange(batchSize, 1, name: nameof(batchSize));
        Require.InRange(firstBatch, 0, name: nameof(firstBatch));
        return ImageOrder.Batches(Count, batchSize, shuffleSeed, firstBatch).Select(Batch);
    }

    bool ISharedImages.IsInMemory => true;

    IEnumerable<SharedBatch> ISharedImages.ReadShares(ICommunicator communicator, int batchSize, long? shuffleSeed, int firstBatch)
        => ImageOrder.Batches(Count, batchSize, shuffleSeed, firstBatch).Select(rows =>
        {
            var share = BatchShare.Of(rows.Length, communicator);
            return new SharedBatch(Batch(share.Of(rows)), share);
        });

    private ImageBatch Batch(long[] rows)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor index = Upload.To(images.device, tensor(rows, device: CPU));
        return new ImageBatch(images.index_select(0, index).MoveToOuterDisposeScope(), classes.index_select(0, index).MoveToOuterDisposeScope());
    }
}

/// <summary>The order of the images of one pass.</summary>
internal static class ImageOrder
{
    /// <summary>The numbers from 0 to below <paramref name="count"/> in batches, as <see cref="IImageBatchSource.Read"/> promises them.</summary>
    public static IEnumerable<long[]> Batches(long count, int batchSize, long? shuffleSeed, int firstBatch)
    {
        long[]? order = shuffleSeed is long seed ? new SplitMix64(seed).Permutation(count) : null;
        for (long start = (long)firstBatch * batchSize; start < count; start += batchSize)
        {
            long[] rows = new long[Math.Min(batchSize, count - start)];
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = order is null ? start + i : order[start + i];
            }

            yield return rows;
        }
    }
}
