using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>The rows of a view as a source for the trainer.</summary>
internal interface ITrainingImages : IImageBatchSource
{
    /// <summary>The largest value of all images, in [0, 1].</summary>
    float LargestValue { get; }

    /// <summary>Splits off a share of the images at random.</summary>
    /// <param name="share">Above 0, below 1.</param>
    /// <param name="seed">Decides which.</param>
    /// <returns>The rest and the share; with few images one of them may be empty.</returns>
    (ITrainingImages Remaining, ITrainingImages Held) Split(double share, long seed);
}
