using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>What <c>EvaluateWorstCaseRobustness</c> measures. Each option checks its value when it is set.</summary>
public sealed record WorstCaseOptions
{
    /// <summary>The ensemble of attacks, the map and the measures. <see cref="WorstCaseEvaluation"/> with its defaults by default.</summary>
    public WorstCaseEvaluation Evaluation { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The key column of true labels; null for none. "Label" by default.</summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>The column that carries the network. "Score" by default.</summary>
    public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

    /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
    public string? ImageColumnName { get; init; }

    /// <summary>Start of the attacks' random draws. 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Images in one computation, 1 to 65,536; null, the default, takes the model's.</summary>
    public int? BatchSize { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.BatchSize); }

    /// <summary>Called with the rows done after each batch. Null by default.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Stops the evaluation within one batch.</summary>
    public CancellationToken CancellationToken { get; init; }
}
