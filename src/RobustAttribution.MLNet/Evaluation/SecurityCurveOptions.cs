using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>What <c>EvaluateSecurityCurve</c> measures. Each option checks its value when it is set.</summary>
public sealed record SecurityCurveOptions
{
    /// <summary>The values of ε, the attacks and the measures. <see cref="SecurityCurve"/> with its defaults by default.</summary>
    public SecurityCurve Curve { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The key column of true labels. "Label" by default. Rows without label or readable image are left out and counted.</summary>
    public string LabelColumnName { get; init => field = Require.NotNull(value); } = "Label";

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
