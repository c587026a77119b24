using System.Globalization;
using static TorchSharp.torch;

namespace RobustAttribution.Training;

/// <summary>Counts the classes of images, and compares an accuracy to that of naming the most frequent one each time.</summary>
/// <param name="classCount">K.</param>
internal sealed class Guessing(int classCount)
{
    private const double StandardErrors = 2; // of the share of the largest class: a side of its 95 % interval
    private const int FewestImages = 30; // of fewer the interval says nothing

    private readonly long[] counts = new long[classCount];

    /// <summary>Counts the classes of a batch.</summary>
    /// <param name="classes">[N], int64, each a class.</param>
    public void Add(Tensor classes)
    {
        using IDisposable scope = NewDisposeScope();
        foreach (long one in classes.cpu().data<long>().ToArray())
        {
            counts[one]++;
        }
    }

    /// <summary>Whether there are enough images to say anything.</summary>
    public bool IsConclusive => counts.Sum() >= FewestImages;

    /// <summary>What is found where an accuracy is not above the share of the largest class by more than its
    /// sampling error; else null.</summary>
    /// <param name="set">What the images are called, e.g. "validation".</param>
    /// <param name="accuracy">Share of correct predictions, from 0 to 1.</param>
    public string? Finding(string set, double accuracy)
    {
        long count = counts.Sum();
        double share = (double)counts.Max() / Math.Max(1, count);
        double error = StandardErrors * Math.Sqrt(share * (1 - share) / Math.Max(1, count));
        return IsConclusive && share < 1 && accuracy < 1 && accuracy <= share + error
            ? string.Create(
                CultureInfo.InvariantCulture, $"the {set} accuracy is {accuracy:P1}, and the largest class has {share:P1} of the images.")
            : null;
    }
}
