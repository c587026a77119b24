using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>This rank's rows of a batch.</summary>
/// <param name="Batch">The rows; owned by the receiver.</param>
/// <param name="Share">Which ones they are.</param>
internal readonly record struct SharedBatch(ImageBatch Batch, BatchShare Share);

/// <summary>A source that reads its rows of a batch without those of the other ranks.</summary>
internal interface ISharedImages : IImageBatchSource
{
    /// <summary>Whether a pass begins at any batch without reading those before it.</summary>
    bool IsInMemory { get; }

    /// <summary>As <see cref="IImageBatchSource.Read"/>, this rank's rows of each batch.</summary>
    IEnumerable<SharedBatch> ReadShares(ICommunicator communicator, int batchSize, long? shuffleSeed, int firstBatch);
}

/// <summary>Reads the shares of any source.</summary>
internal static class SharedReading
{
    /// <summary>This rank's rows of each batch; of a source that is not <see cref="ISharedImages"/> they are cut out of the whole batch.</summary>
    public static IEnumerable<SharedBatch> ReadShares(
        this IImageBatchSource source, ICommunicator communicator, int batchSize, long? shuffleSeed, int firstBatch)
        => source is ISharedImages shared
            ? shared.ReadShares(communicator, batchSize, shuffleSeed, firstBatch)
            : source.Read(batchSize, shuffleSeed, firstBatch).Select(batch => Cut(batch, BatchShare.Of(batch.Classes.shape[0], communicator)));

    private static SharedBatch Cut(ImageBatch batch, BatchShare share)
    {
        if (share.IsWhole)
        {
            return new(batch, share);
        }

        using (batch)
        {
            return new(new ImageBatch(Rows(batch.Images), Rows(batch.Classes)), share);
        }

        Tensor Rows(Tensor values)
        {
            using Tensor rows = values.narrow(0, share.First, share.Count);
            return rows.clone();
        }
    }
}
