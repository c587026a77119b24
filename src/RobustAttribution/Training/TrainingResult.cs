namespace RobustAttribution.Training;

/// <summary>Why a training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All planned epochs are done.</summary>
    AllEpochsDone,

    /// <summary>The validation metric did not improve for as long as <see cref="EarlyStopping.Patience"/> allows.</summary>
    EarlyStopped,

    /// <summary>It was cancelled, and <see cref="TrainingOptions.OnCancellation"/> asked to keep the weights.</summary>
    Cancelled,
}

/// <summary>How a training went.</summary>
/// <param name="Reason">Why it ended.</param>
/// <param name="EpochsDone">Epochs done to their end.</param>
/// <param name="WeightsEpoch">
/// The epoch, from 1, whose weights the network has now; null where they are those of the last step of an unfinished epoch.
/// </param>
/// <param name="History">One entry for each epoch done.</param>
public sealed record TrainingResult(TrainingEnd Reason, int EpochsDone, int? WeightsEpoch, IReadOnlyList<EpochProgress> History)
{
    /// <summary>The messages of <see cref="TrainingWarning"/>; none as a rule.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>False if the training was cancelled.</summary>
    public bool Completed => Reason != TrainingEnd.Cancelled;
}
