using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.ML.Runtime;
using RobustAttribution.Training;
using TorchSharp;
using TorchSharp.Modules;

namespace RobustAttribution.MLNet.Tests.Docs;

/// <summary>The code of docs/how-to/watch-stop-resume.md.</summary>
internal static class WatchSnippets
{
    public static RobustAttributionModelTransformer Callback(MLContext mlContext, IDataView train, int epochs)
    {
        #region Callback
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Epochs = epochs,
            ValidationSetFraction = 0.1,
            MetricsCallback = progress =>
            {
                switch (progress)
                {
                    case BatchProgress batch: // four times a second
                        Console.Write($"\repoch {batch.Epoch}/{batch.Epochs}, step {batch.Step}/{batch.StepsPerEpoch}, {batch.Remaining:hh\\:mm\\:ss} left ");
                        break;
                    case EpochProgress { Validation: { } validation } epoch:
                        Console.WriteLine($"\repoch {epoch.Epoch}: loss {epoch.Loss:F4}, validation accuracy {validation.Accuracy:P1}");
                        break;
                    case TrainingWarning warning:
                        Console.WriteLine(warning.Message);
                        break;
                }
            },
        });
        #endregion
        return trainer.Fit(train);
    }

    public static void Log(MLContext mlContext, ILogger logger)
    {
#pragma warning disable CA1848, CA1873 // performance of logging
        #region Log
        mlContext.Log += (_, entry) => logger.Log(
            entry.Kind switch
            {
                ChannelMessageKind.Error => LogLevel.Error,
                ChannelMessageKind.Warning => LogLevel.Warning,
                ChannelMessageKind.Info => LogLevel.Information,
                _ => LogLevel.Trace, // every step of every part of ML.NET
            },
            "{Source}: {Message}",
            entry.Source,
            entry.RawMessage);
        #endregion
#pragma warning restore CA1848, CA1873
    }

    public static RobustAttributionModelTransformer Board(MLContext mlContext, IDataView train, int epochs, string folder)
    {
        #region Board
        SummaryWriter board = torch.utils.tensorboard.SummaryWriter(folder); // a folder for each training, e.g. runs/aga-1
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Epochs = epochs,
            ValidationSetFraction = 0.1,
            MetricsCallback = progress =>
            {
                if (progress is EpochProgress epoch)
                {
                    board.add_scalar("accuracy/training", (float)epoch.Accuracy, epoch.Epoch);
                    board.add_scalar("accuracy/validation", (float)epoch.Validation!.Accuracy, epoch.Epoch);
                    foreach ((string term, double value) in epoch.LossTerms)
                    {
                        board.add_scalar($"loss/{term}", (float)value, epoch.Epoch);
                    }
                }
            },
        });
        #endregion
        return trainer.Fit(train);
    }

    public static void Stop(MLContext mlContext, IDataView train, int epochs, string folder, string path)
    {
        #region Stop
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true; // ends the training, not the program
            stop.Cancel();
        };
        var trainer = mlContext.Transforms.RobustImageClassification(new()
        {
            Epochs = epochs,
            Seed = 1, // of the training and its resumption
            ValidationSetFraction = 0.1,
            CancellationToken = stop.Token,
            OnCancellation = CancellationBehavior.KeepBest,
            Checkpoints = new CheckpointOptions(folder) { EveryEpochs = 1, EveryMinutes = 15 },
        });
        using RobustAttributionModelTransformer model = trainer.Fit(train);
        TrainingResult training = model.Training!;
        Console.WriteLine($"{training.Reason} after {training.EpochsDone} epochs, with the weights of epoch {training.WeightsEpoch}");
        mlContext.Model.Save(model, train.Schema, path);
        #endregion
    }

    public static RobustAttributionModelTransformer Longer(MLContext mlContext, IDataView train, RobustAttributionModelTransformer model, int epochs)
    {
        #region Longer
        RobustAttributionModelTransformer longer = mlContext.Transforms.RobustImageClassification(new() { Epochs = epochs }).Fit(train, startFrom: model);
        #endregion
        return longer;
    }
}
