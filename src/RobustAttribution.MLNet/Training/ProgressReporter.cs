using Microsoft.ML.Runtime;
using RobustAttribution.MLNet.Interop;
using RobustAttribution.Training;

namespace RobustAttribution.MLNet.Training;

/// <summary>Reports a training to ML.NET's progress channel, to its log and to the user's callback.</summary>
internal sealed class ProgressReporter
{
    private readonly IChannel channel;
    private readonly IProgressChannel progress;
    private readonly Action<TrainingProgress>? callback;
    private BatchProgress? latest;

    public ProgressReporter(IChannel channel, IProgressChannel progress, Action<TrainingProgress>? callback)
    {
        this.channel = channel;
        this.progress = progress;
        this.callback = callback;
        progress.SetHeader(new ProgressHeader(["Loss", "Accuracy", "ImagesPerSecond"], ["epochs", "steps"]), Fill);
    }

    public void Report(TrainingProgress report)
    {
        switch (report)
        {
            case TrainingWarning warning:
                channel.Warn(warning.Message);
                break;
            case TrainingResumed resumed:
                channel.Inform(
                    $"resumed from {resumed.CheckpointPath}: epoch {resumed.Epoch} of {resumed.Epochs},"
                    + $" {resumed.Step} of {resumed.StepsPerEpoch} steps done"
                    + (resumed.IsFinished ? "; the training is finished and is read" : string.Empty));
                break;
            case BatchProgress batch:
                latest = batch;
                break;
            case EpochProgress epoch:
                progress.Checkpoint(epoch.Loss, epoch.Accuracy, epoch.ImagesPerSecond, epoch.Epoch, null, epoch.Epochs);
                channel.Inform(Describe(epoch));
                break;
        }

        callback?.Invoke(report);
    }

    private static string Describe(EpochProgress epoch)
    {
        string terms = string.Concat(epoch.LossTerms.Select(term => $", {term.Key} {term.Value:G4}"));
        string validation = epoch.Validation is { } found
            ? $"; validation loss {found.Loss:G4}, accuracy {found.Accuracy:P2}{(found.IsBest ? " (best)" : string.Empty)}"
            : string.Empty;
        return $"epoch {epoch.Epoch} of {epoch.Epochs}: loss {epoch.Loss:G4}{terms}, accuracy {epoch.Accuracy:P2}{validation};"
            + $" learning rate {epoch.LearningRate:G3}, {epoch.ImagesPerSecond:F0} images/s";
    }

    private void Fill(IProgressEntry entry)
    {
        if (latest is not { } batch)
        {
            return;
        }

        entry.SetMetric(0, batch.Loss);
        entry.SetMetric(1, batch.Accuracy);
        entry.SetMetric(2, batch.ImagesPerSecond);
        entry.SetProgress(0, batch.Epoch - 1, batch.Epochs);
        entry.SetProgress(1, batch.Step, batch.StepsPerEpoch);
    }
}
