using RobustAttribution.Training;

namespace RobustAttribution.MLNet;

/// <summary>How a <see cref="Recipe"/> is run.</summary>
public sealed record RecipeRunOptions
{
    /// <summary>Check everything on two batches instead: two steps of training, every attack and every measurement, with <see cref="Recipe.ForDryRun"/>. Its numbers mean nothing. False by default.</summary>
    public bool DryRun { get; init; }

    /// <summary>A safetensors file with weights to start from; the head for other classes starts fresh. Null, the default, starts all fresh; a dry run never needs it.</summary>
    public string? InitialWeightsPath { get; init; }

    /// <summary>Start of all randomness. 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Where and how often the training is written down, so that it can be resumed; null, the default, for nowhere.</summary>
    public CheckpointOptions? Checkpoints { get; init; }

    /// <summary>Called while training. Null by default.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Stops within one step or batch.</summary>
    public CancellationToken CancellationToken { get; init; }
}
