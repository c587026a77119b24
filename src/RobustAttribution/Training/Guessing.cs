using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Counts the classes of images, and compares an accuracy to that of naming the most frequent one each time.</summary>
/// <param name="classCount">K.</param>
/// <param name="communicator">Each rank counts the images that it sees; asked is about those of all, by all ranks alike.</param>
internal sealed class Guessing(int classCount, ICommunicator communicator) : IDisposable
{
    private const double StandardErrors = 2; // of the share of the largest class: a side of its 95 % interval
    private const int FewestImages = 30; // of fewer the interval says nothing

    private long[]? counts; // of all ranks, once asked for
    private Tensor? counted; // [K], int64, where the classes are

    /// <summary>Counts the classes of a batch; nothing is read from a GPU before the end.</summary>
    /// <param name="classes">[N], int64, each a class.</param>
    public void Add(Tensor classes)
    {
        using IDisposable scope = NewDisposeScope();
        counted ??= zeros(classCount, ScalarType.Int64, classes.device).DetachFromDisposeScope();
        counted.scatter_add_(0, classes, ones_like(classes));
    }

    /// <summary>Frees the counts. Harmless when repeated.</summary>
    public void Dispose() => counted?.Dispose();

    /// <summary>Whether there are enough images to say anything.</summary>
    public bool IsConclusive => Counts().Sum() >= FewestImages;

    /// <summary>What is found where an accuracy is not above the share of the largest class by more than its
    /// sampling error; else null.</summary>
    /// <param name="set">What the images are called, e.g. "validation".</param>
    /// <param name="accuracy">Share of correct predictions, from 0 to 1.</param>
    public string? Finding(string set, double accuracy)
    {
        long[] counts = Counts();
        long count = counts.Sum();
        double share = (double)counts.Max() / Math.Max(1, count);
        double error = StandardErrors * Math.Sqrt(share * (1 - share) / Math.Max(1, count));
        return IsConclusive && share < 1 && accuracy < 1 && accuracy <= share + error
            ? string.Create(
                CultureInfo.InvariantCulture, $"the {set} accuracy is {accuracy:P1}, and the largest class has {share:P1} of the images.")
            : null;
    }

    private long[] Counts() => counts ??= communicator.Gather(MemoryMarshal.AsBytes<long>(Own()))
        .Select(bytes => MemoryMarshal.Cast<byte, long>(bytes).ToArray())
        .Aggregate((sum, rank) => [.. sum.Zip(rank, (first, second) => first + second)]);

    private long[] Own()
    {
        using IDisposable scope = NewDisposeScope();
        return counted is null ? new long[classCount] : counted.cpu().data<long>().ToArray();
    }
}
