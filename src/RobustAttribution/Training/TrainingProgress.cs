using System.Text.Json.Serialization;

namespace RobustAttribution.Training;

/// <summary>
/// Progress of a training: <see cref="BatchProgress"/>, <see cref="ValidationProgress"/> or <see cref="EpochProgress"/>, in this order within an
/// epoch; before all of them a <see cref="TrainingResumed"/> and a <see cref="TrainingWarning"/>, after them a warning about the result, or one
/// that the training was cancelled.
/// </summary>
/// <param name="Epoch">The running epoch, from 1.</param>
/// <param name="Epochs">Epochs planned.</param>
public abstract record TrainingProgress(int Epoch, int Epochs);

/// <summary>
/// Reported before the first step where the training can hardly do what its objective says; at the end of a training whose accuracy is that of
/// guessing, and of a cancelled one that restored its best weights because the latest were not finite.
/// </summary>
/// <param name="Epoch">The epoch about to run or running, from 1.</param>
/// <param name="Epochs">Epochs planned.</param>
/// <param name="Message">What is wrong, and what to do.</param>
public sealed record TrainingWarning(int Epoch, int Epochs, string Message)
    : TrainingProgress(Epoch, Epochs);

/// <summary>Reported before the first step of a training that goes on from a checkpoint.</summary>
/// <param name="Epoch">The epoch that it goes on in, from 1; the last one where nothing is left to do.</param>
/// <param name="Epochs">Epochs planned.</param>
/// <param name="Step">Steps of that epoch that are done, from 0.</param>
/// <param name="StepsPerEpoch">Steps of one epoch.</param>
/// <param name="CheckpointPath">The checkpoint's file.</param>
public sealed record TrainingResumed(int Epoch, int Epochs, int Step, int StepsPerEpoch, string CheckpointPath)
    : TrainingProgress(Epoch, Epochs)
{
    /// <summary>Whether the training was finished before: its result is read, and no step is left to do.</summary>
    public bool IsFinished { get; init; }
}

/// <summary>Reported after a step, at most once in each <see cref="TrainingOptions.ProgressInterval"/>.</summary>
/// <param name="Epoch">The running epoch, from 1.</param>
/// <param name="Epochs">Epochs planned.</param>
/// <param name="Step">Steps done in this epoch, from 1.</param>
/// <param name="StepsPerEpoch">Steps of one epoch.</param>
/// <param name="Loss">The objective, mean over the images of this epoch so far.</param>
/// <param name="LossTerms">The objective's unweighted parts by name, means over the images of this epoch so far.</param>
/// <param name="Accuracy">Share of correct predictions among the images of this epoch so far, as they were when they were trained on.</param>
/// <param name="LearningRate">Rate of the step just done, without the head's factor.</param>
/// <param name="ImagesPerSecond">Training speed since the training, or its resumption, began.</param>
/// <param name="Remaining">Estimated time to the end of the last planned epoch.</param>
public sealed record BatchProgress(
    int Epoch,
    int Epochs,
    int Step,
    int StepsPerEpoch,
    double Loss,
    IReadOnlyDictionary<string, double> LossTerms,
    double Accuracy,
    double LearningRate,
    double ImagesPerSecond,
    TimeSpan Remaining)
    : TrainingProgress(Epoch, Epochs);

/// <summary>Reported after the validation at the end of an epoch.</summary>
/// <param name="Epoch">The running epoch, from 1.</param>
/// <param name="Epochs">Epochs planned.</param>
/// <param name="Loss">Mean cross-entropy over the whole validation set.</param>
/// <param name="Accuracy">Share of correct predictions over the whole validation set.</param>
/// <param name="IsBest">Whether no epoch before was better.</param>
public sealed record ValidationProgress(int Epoch, int Epochs, double Loss, double Accuracy, bool IsBest)
    : TrainingProgress(Epoch, Epochs);

/// <summary>Reported at the end of each epoch.</summary>
/// <param name="Epoch">The epoch just done, from 1.</param>
/// <param name="Epochs">Epochs planned.</param>
/// <param name="Loss">The objective, mean over the epoch's images.</param>
/// <param name="LossTerms">The objective's unweighted parts by name, means over the epoch's images.</param>
/// <param name="Accuracy">Share of correct predictions among the epoch's images, as they were when they were trained on.</param>
/// <param name="LearningRate">Rate of the epoch's last step, without the head's factor.</param>
/// <param name="ImagesPerSecond">Training speed since the training, or its resumption, began.</param>
/// <param name="Remaining">Estimated time to the end of the last planned epoch.</param>
/// <param name="Validation">Result on the validation set; null without one.</param>
public sealed record EpochProgress(
    int Epoch,
    int Epochs,
    double Loss,
    IReadOnlyDictionary<string, double> LossTerms,
    double Accuracy,
    double LearningRate,
    [property: JsonPropertyName("PicturesPerSecond")] double ImagesPerSecond,
    TimeSpan Remaining,
    ValidationProgress? Validation)
    : TrainingProgress(Epoch, Epochs);
