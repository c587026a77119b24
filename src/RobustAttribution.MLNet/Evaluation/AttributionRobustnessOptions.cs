using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>What <c>EvaluateAttributionRobustness</c> attacks and measures. Each option checks its value when it is set.</summary>
public sealed record AttributionRobustnessOptions
{
    /// <summary>What a published protocol attacks and measures.</summary>
    /// <param name="protocol">E.g. <see cref="EvaluationProtocol.Art"/>.</param>
    public static AttributionRobustnessOptions Of(EvaluationProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        return new()
        {
            Attack = protocol.Attack,
            Method = protocol.Map.Method,
            Reduction = protocol.Map.Reduction,
            Similarities = [.. protocol.Similarities.Select(similarity => new SimilarityColumn(similarity))],
            CorrectlyClassifiedOnly = protocol.CorrectlyClassifiedOnly,
        };
    }

    /// <summary>The attack. <see cref="TopKAttack"/> with its defaults by default.</summary>
    public IAttributionAttack Attack { get; init => field = Require.NotNull(value); } = new TopKAttack();

    /// <summary>The attribution whose maps are compared. The input gradient by default.</summary>
    public IAttributionMethod Method { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How it becomes a map. Magnitudes summed over the channels by default.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The measures. By default top-100 intersection, Kendall τ, Pearson and cosine.</summary>
    public IReadOnlyList<SimilarityColumn> Similarities { get; init => field = [.. Require.NotNull(value)]; } = SimilarityColumn.Defaults;

    /// <summary>
    /// Compare the maps of different images, too: <see cref="SimilarityStatistics.OtherImages"/> and the lift. True by default: it costs two
    /// comparisons for each image and measure, and keeps the maps of at most 2,000 images, or 64 MiB of them.
    /// </summary>
    public bool OtherImages { get; init; } = true;

    /// <summary>
    /// Attributions that are measured on the same attacked images, e.g. <see cref="ConstantMap"/>, <see cref="EdgeMap"/> and
    /// <see cref="RandomMap"/>: what a map that knows nothing of the network gets. None by default.
    /// </summary>
    public IReadOnlyList<IAttributionMethod> Controls { get; init => field = [.. Require.NotNull(value)]; } = [];

    /// <summary>The key column of true labels; null for none. "Label" by default.</summary>
    public string? LabelColumnName { get; init; } = "Label";

    /// <summary>The column that carries the network. "Score" by default.</summary>
    public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

    /// <summary>The column of images; null, the default, takes the one that the network was trained on.</summary>
    public string? ImageColumnName { get; init; }

    /// <summary>
    /// Measure correctly classified images only, as Singh et al. 2020. False by default. Needs labels. All are attacked, since batches are; the
    /// others are left out and counted.
    /// </summary>
    public bool CorrectlyClassifiedOnly { get; init; }

    /// <summary>Start of the attack's random draws. 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>Images in one computation, 1 to 65,536; null, the default, takes the model's.</summary>
    public int? BatchSize { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.BatchSize); }

    /// <summary>Stops the evaluation within one batch.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Called with the rows done after each batch. Null by default.</summary>
    public Action<long>? Progress { get; init; }
}
