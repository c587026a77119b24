using Microsoft.ML;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using Spectre.Console;

namespace RobustAttribution.Examples.TrainOnSeveralMachines;

/// <summary>What all ranks do together.</summary>
/// <param name="Ranks">All of them.</param>
/// <param name="Console">Of the first rank, which alone writes.</param>
/// <param name="Context">Seeded alike on every rank.</param>
/// <param name="Images">The same on every rank.</param>
/// <param name="Output">Folder for the first rank's files.</param>
internal sealed record Job(ICommunicator Ranks, IAnsiConsole Console, MLContext Context, SharedImages Images, string Output)
{
    private bool IsFirst => Ranks.Rank == 0;

    /// <summary>Trains one model, equal on all ranks; goes on from the checkpoints of the output folder where there are some.</summary>
    public RobustAttributionModelTransformer Train(int epochs, int batch, int seed, CancellationToken cancellation)
    {
        try
        {
            return IsFirst ? new TrainingDisplay(Console).Run($"on {Images.Name}", Fit) : Fit(_ => { });
        }
        catch (OperationCanceledException)
        {
            Ranks.Barrier(); // a rank that returns ends the others, and the first one has a checkpoint to write
            throw;
        }

        RobustAttributionModelTransformer Fit(Action<TrainingProgress> report) => Context.Transforms.RobustImageClassification(new()
        {
            Input = Images.Input,
            Network = new SmallConvNetArchitecture { Pooling = Pooling.Average },
            Objective = new LocalGradientAlignment { Epsilon = 24.0 / 255, L2Weight = 0, CosineWeight = 300 }, // as in example 1
            Epochs = epochs,
            BatchSize = batch, // of all ranks together
            LearningRate = 2e-3,
            ValidationSet = Images.Validation,
            Seed = seed,
            Communicator = Ranks,
            Checkpoints = new CheckpointOptions(Path.Combine(Output, "checkpoints")) { EveryMinutes = 10 },
            MetricsCallback = progress =>
            {
                if (progress is TrainingResumed found)
                {
                    Console.WriteLine(found.IsFinished
                        ? $"  is finished, and is read from {found.CheckpointPath}"
                        : $"  goes on in epoch {found.Epoch} after step {found.Step}, from {found.CheckpointPath}");
                }

                report(progress);
            },
            CancellationToken = cancellation,
        }).Fit(Images.Training);
    }

    /// <summary>Attacks each rank's shard of the test images.</summary>
    /// <returns>The figures of all, on the first rank; null on the others.</returns>
    public AttributionRobustnessMetrics? Measure(ITransformer model, int count, int batch, CancellationToken cancellation)
    {
        IDataView scored = model.Transform(Context.Data.TakeRows(Images.Test, count));
        var options = new AttributionRobustnessOptions { BatchSize = batch, CancellationToken = cancellation };
        var shard = new Shard(Ranks.Rank, Ranks.Size);
        MeasuredShard own = IsFirst
            ? new WorkDisplay(Console).Run("Attacking the explanations", tell => MeasureShard(options with
            {
                Progress = rows => tell(Math.Min(1, (double)rows * Ranks.Size / count), $"shard {shard}"),
            }))
            : MeasureShard(options);
        using var written = new MemoryStream();
        own.Save(written);
        IReadOnlyList<byte[]> gathered = Ranks.Gather(written.ToArray());
        return IsFirst
            ? Context.MulticlassClassification.MergeAttributionRobustness(scored, options, [.. gathered.Select(Read)])
            : null;

        MeasuredShard MeasureShard(AttributionRobustnessOptions watched)
            => Context.MulticlassClassification.MeasureAttributionRobustness(scored, watched, shard);

        static MeasuredShard Read(byte[] bytes)
        {
            using var stream = new MemoryStream(bytes);
            return MeasuredShard.Load(stream);
        }
    }
}
