using RobustAttribution.Training;

namespace RobustAttribution.MLNet;

/// <summary>How a <see cref="Recipe"/> is run.</summary>
public sealed record RecipeRunOptions
{
    /// <summary>
    /// Runs <see cref="Recipe.ForDryRun"/> on two batches instead: two steps of training, every attack and every measurement. False by default; its
    /// numbers mean nothing.
    /// </summary>
    public bool DryRun { get; init; }

    /// <summary>A safetensors file with initial weights; the head for other classes starts fresh. Null, the default, starts all fresh.</summary>
    public string? InitialWeightsPath { get; init; }

    /// <summary>Start of all randomness. 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Where and how often the training writes checkpoints, so that it can be resumed; null, the default, for never.</summary>
    public CheckpointOptions? Checkpoints { get; init; }

    /// <summary>Called while training. Null by default.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Stops within one step or batch.</summary>
    public CancellationToken CancellationToken { get; init; }
}
