namespace RobustAttribution.Training;

/// <summary>Images that can be read batch by batch, as often as wanted, in an order that a seed decides.</summary>
public interface IImageBatchSource
{
    /// <summary>Images in one pass.</summary>
    long Count { get; }

    /// <summary>
    /// Reads one pass. The batches depend on the arguments alone: the same arguments give the same batches, in this process and in the next.
    /// </summary>
    /// <param name="batchSize">Images in each batch but the last, at least 1.</param>
    /// <param name="shuffleSeed">Decides the order; null keeps the source's own.</param>
    /// <param name="firstBatch">Batches to leave out at the beginning: where a resumed pass continues.</param>
    /// <returns>Batches on the CPU; each is owned by the caller.</returns>
    IEnumerable<ImageBatch> Read(int batchSize, long? shuffleSeed = null, int firstBatch = 0);
}
