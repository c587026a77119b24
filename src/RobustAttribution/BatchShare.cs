namespace RobustAttribution;

/// <summary>The rows of a batch that one rank computes.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Count">Their number.</param>
/// <param name="Total">Rows of the whole batch.</param>
/// <param name="Weight">Of a mean over them in the mean over the batch: the weights of all ranks add up to 1.</param>
internal readonly record struct BatchShare(long First, long Count, long Total, double Weight)
{
    /// <summary>
    /// Neighbouring rows, as many as the others have or one more or less. A batch of fewer rows than ranks is computed as a whole by every one.
    /// </summary>
    public static BatchShare Of(long total, ICommunicator communicator)
    {
        (int rank, int size) = (communicator.Rank, communicator.Size);
        if (total < size)
        {
            return new(0, total, total, 1.0 / size);
        }

        long first = total * rank / size, end = total * (rank + 1) / size;
        return new(first, end - first, total, (double)(end - first) / total);
    }

    /// <summary>Whether these are all rows of the batch.</summary>
    public bool IsWhole => Count == Total;

    /// <summary>What a sum over the rows is multiplied by, so that those of all ranks add up to the batch's.</summary>
    public double SumFactor => Weight * Total / Count;

    /// <summary>The rows out of those of the batch.</summary>
    public T[] Of<T>(T[] rows) => IsWhole ? rows : rows[(int)First..(int)(First + Count)];

    /// <summary>The smallest number of rows that a rank computes of a batch.</summary>
    public static long Smallest(long total, int size) => total < size ? total : total / size;
}
