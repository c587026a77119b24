using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet;

/// <summary>
/// What <c>mlContext.MulticlassClassification.RobustnessReport</c> measures and shows. Each option checks its value when it is set.
/// </summary>
public sealed record RobustnessReportOptions
{
    /// <summary>The headline.</summary>
    public string Title { get; init => field = Require.NotNull(value); } = "How robust are the explanations?";

    /// <summary>What the images are, e.g. "Fashion-MNIST, test set"; null says nothing of it. Null by default.</summary>
    public string? DataName { get; init; }

    /// <summary>
    /// The attacks on the explanations, at least one. The first one is also that of the gallery, the histograms, adversarial insertion and the
    /// curves over ε.
    /// <see cref="TopKAttack"/> with its defaults by default.
    /// </summary>
    public IReadOnlyList<IAttributionAttack> Attacks
    {
        get;
        init => field = Require.NotNull(value).Count > 0
            ? [.. value]
            : throw new ArgumentException("Attacks is empty; at least one attack is needed.", nameof(Attacks));
    }

    = [new TopKAttack()];

    /// <summary>
    /// The attack on the prediction behind the accuracy over ε; its own ε is replaced. <see cref="ProjectedGradientDescent"/> with its defaults by
    /// default.
    /// </summary>
    public IAttributionAttack PredictionAttack { get; init => field = Require.NotNull(value); } = new ProjectedGradientDescent();

    /// <summary>The attribution whose maps are compared. The input gradient by default.</summary>
    public IAttributionMethod Method { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How it becomes a map. Magnitudes summed over the channels by default; signed maps are drawn in a diverging colour map.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

    /// <summary>
    /// The measures, at least one. The first one orders the gallery; the first two are drawn over ε. By default top-100 intersection, Kendall τ,
    /// Pearson and cosine.
    /// </summary>
    public IReadOnlyList<IMapSimilarity> Similarities
    {
        get;
        init => field = Require.NotNull(value).Count > 0
            ? [.. value]
            : throw new ArgumentException("Similarities is empty; at least one measure is needed.", nameof(Similarities));
    }

    = [new TopKIntersection(), new KendallTau(), new PearsonCorrelation(), new CosineSimilarity()];

    /// <summary>
    /// Attributions that know nothing of the network, measured under the first attack by the first two measures. Constant, edge and random map by
    /// default; they cost nearly nothing.
    /// </summary>
    public IReadOnlyList<IAttributionMethod> Controls { get; init => field = [.. Require.NotNull(value)]; } =
        [new ConstantMap(), new EdgeMap(), new RandomMap()];

    /// <summary>
    /// The values of ε of the curves over ε, in pixel units, each at least 0; none leaves those curves out. 0, 2, 4, 8 and 16 of 255 by default.
    /// </summary>
    public IReadOnlyList<double> Radii
    {
        get;
        init => field = [.. Require.NotNull(value).Select(radius => Require.NonNegative(radius, nameof(Radii)))];
    }
    = [0, 2.0 / 255, 4.0 / 255, 8.0 / 255, 16.0 / 255];

    /// <summary>
    /// The worst case of many attacks beside the others, with what speaks against its figures; null for none. Null by default: it takes about a
    /// thousand passes and gradients for each image.
    /// </summary>
    public WorstCaseEvaluation? WorstCase { get; init; }

    /// <summary>
    /// Which pixels of the report's map are proven to stay among the most salient, or out of them, whatever attack is made; its own map is replaced
    /// by the report's. Null, the default, for none: it takes <see cref="CertifiedSaliency.Samples"/> maps of each image.
    /// </summary>
    public CertifiedSaliency? Certificate { get; init; }

    internal SaliencyMap Map => new(Method, Reduction);

    internal CertifiedSaliency? Certification => Certificate is null ? null : Certificate with { Map = Map };

    /// <summary>Points of the insertion and deletion curves, 1 to 100,000. 20 by default (AGA).</summary>
    public int PixelCurveSteps { get; init => field = Require.InRange(value, 1, Limits.Iterations); } = 20;

    /// <summary>
    /// Images measured at most, at least 1: rows evenly spaced over the view, the same for every model. 200 by default, since attacks take time.
    /// </summary>
    public int MaximumImages { get; init => field = Require.InRange(value, 1); } = 200;

    /// <summary>Images shown of each model from each end of the gallery, at least 0. 4 by default: the 4 worst and the 4 best.</summary>
    public int ExamplesAtEachEnd { get; init => field = Require.InRange(value, 0); } = 4;

    /// <summary>The key column of true labels. "Label" by default.</summary>
    public string LabelColumnName { get; init => field = Require.NotNull(value); } = "Label";

    /// <summary>The column that carries the network in the output of each model. "Score" by default.</summary>
    public string ScoreColumnName { get; init => field = Require.NotNull(value); } = "Score";

    /// <summary>
    /// The column that names each image, text or a whole number; where a view lacks it, images are named by the files of a text column "ImagePath",
    /// "Path" or "FileName", or else by their row. "Id" by default.
    /// </summary>
    public string IdColumnName { get; init => field = Require.NotNull(value); } = "Id";

    /// <summary>Start of the attacks' random draws. 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Images in one computation, at least 1; null, the default, takes the model's, but no more than 32, so that progress and cancellation are
    /// fine-grained.
    /// </summary>
    public int? BatchSize { get; init => field = value is null ? null : Require.InRange(value.Value, 1, Limits.BatchSize); }

    /// <summary>Told after each batch. Null by default.</summary>
    public IProgress<RobustnessReportProgress>? Progress { get; init; }

    /// <summary>Stops the measurement within one batch.</summary>
    public CancellationToken CancellationToken { get; init; }
}

/// <summary>How far the measurement behind a report is.</summary>
/// <param name="Model">The model that is measured.</param>
/// <param name="Step">What is done, e.g. "top-k attack".</param>
/// <param name="Share">The part of the whole work that is done, from 0 to 1.</param>
/// <param name="Elapsed">Time since the start.</param>
/// <param name="Remaining">Estimated time to the end.</param>
public sealed record RobustnessReportProgress(string Model, string Step, double Share, TimeSpan Elapsed, TimeSpan Remaining);
