using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>What <c>EvaluateInsertionDeletion</c> measures. Each option checks its value when it is set.</summary>
public sealed record PixelCurveOptions
{
    /// <summary>The attribution. The input gradient by default.</summary>
    public IAttributionMethod Method { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How it becomes a map. Magnitudes summed over the channels by default.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>Points of each curve, 1 to 100,000. 20 by default (AGA).</summary>
    public int Steps { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 20;

    /// <summary>The attack behind adversarial insertion; null, the default, leaves that curve out.</summary>
    public IAttributionAttack? Attack { get; init; }

    /// <summary>
    /// The key column with the class to follow, AGA's protocol; null follows the predicted class. "Label" by default. Rows without label are left
    /// out and counted.
    /// </summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>The column that carries the network. "Score" by default.</summary>
    public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

    /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
    public string? ImageColumnName { get; init; }

    /// <summary>Start of the attack's random draws. 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Images in one computation, 1 to 65,536; null, the default, takes the model's.</summary>
    public int? BatchSize { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.BatchSize); }

    /// <summary>Stops the evaluation within one batch.</summary>
    public CancellationToken CancellationToken { get; init; }
}
