using Microsoft.ML;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>What came of one training: the model, its numbers, and the attacked test images.</summary>
internal sealed record Outcome(Contestant Contestant, ITransformer Model, IReadOnlyList<AttackedRow> Images) : IDisposable
{
    /// <summary>Share of right answers on the whole test set.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean top-100 intersection of the maps before and after the top-k attack.</summary>
    public required double TopKIntersection { get; init; }

    /// <summary>Mean Kendall τ of the maps before and after the top-k attack.</summary>
    public required double KendallTau { get; init; }

    /// <summary>Mean Pearson correlation of the maps before and after the target-map attack.</summary>
    public required double TargetMapPearson { get; init; }

    /// <summary>Time of the training alone.</summary>
    public required TimeSpan TrainingTime { get; init; }

    public void Dispose() => (Model as IDisposable)?.Dispose();
}
