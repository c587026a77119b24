using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// Measures how well maps hold under <see cref="WorstCaseAttack"/>, and analyses whether the result can be believed: what each attack reaches alone,
/// whether the search converged, what noise does, how alike maps of different images are.
/// </summary>
public sealed record WorstCaseEvaluation
{
    internal const double Tiny = 1e-7;

    /// <summary>The ensemble; its map is the one that is measured, its judge the first measure.</summary>
    public WorstCaseAttack Attack { get; init => field = Require.NotNull(value); } = new();

    /// <summary>Other measures, each with worst cases of its own from the same search. Kendall τ by default.</summary>
    public IReadOnlyList<IMapSimilarity> AlsoJudged { get; init => field = [.. Require.NotNull(value)]; } = [new KendallTau()];

    /// <summary>Measures a source, batch by batch.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="source">Images and true classes, at least one image.</param>
    /// <param name="batchSize">Images attacked at once, at least 1.</param>
    /// <param name="seed">Start of the attacks' draws; those of an image depend on it and on the image alone.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="ArgumentException">The source is empty, or it or an option does not fit the network.</exception>
    /// <exception cref="InvalidOperationException">A map is not finite; the message names the method and the image.</exception>
    public WorstCaseMetrics Measure(
        ImageNetwork network, IImageBatchSource source, int batchSize, long seed = 0, CancellationToken cancellationToken = default)
    {
        Require.NotNull(network, nameof(network));
        Require.NotNull(source, nameof(source));
        Require.InRange(batchSize, 1, name: nameof(batchSize));
        bool training = network.Modules.Any(module => module.training);
        List<WorstCaseBatch> batches = [];
        long first = 0;
        using IDisposable inspection = network.ForInspection();
        foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            using Generator generator = RobustnessMeasurement.GeneratorFor(seed);
            batches.Add(MeasureBatch(network, images, classes, generator, RobustnessMeasurement.Places(first, images)));
            first += images.shape[0];
        }

        return batches.Count > 0
            ? WorstCaseMetrics.Of(this, batches, training)
            : throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source));
    }

    /// <summary>The measures, that of <see cref="WorstCaseAttack.Judge"/> first.</summary>
    internal IReadOnlyList<IMapSimilarity> Judges => [Attack.Judge, .. AlsoJudged];

    /// <summary>Measures one batch.</summary>
    internal WorstCaseBatch MeasureBatch(
        ImageNetwork network, Tensor images, Tensor? labels, Generator generator, IReadOnlyList<long>? places = null)
    {
        using IDisposable scope = Scope.Holding(network, images, labels, generator);
        using IDisposable inspection = network.ForInspection();
        RobustnessMeasurement measurement = new()
        {
            Attacks = [Attack], Map = new SaliencyMap(Attack.Attribution, Attack.Reduction), Similarities = Judges, KeepKeys = true,
        };
        using ExplainedImages clean = measurement.Explain(network, images, labels, places);
        _ = clean.Map; // finite, or the error names the row
        using WorstCaseResult found = ((WorstCaseAttack)DrawnByImage.In(Attack)).Search(network, images, clean.Classes, generator, AlsoJudged);
        using AttackedImages attacked = clean.Under(() => found.Judged[0].Worst);
        using AttackedImages hardly = clean.Under(new RandomNoise { ThreatModel = new LinfBall(Tiny), KeepPrediction = false }, generator);
        return new WorstCaseBatch
        {
            Rows =
            [
                .. measurement.Rows(attacked, 0, labels?.cpu().data<long>().ToArray(), places)
                    .Select((row, i) => row with { Map = clean.MapValues[i], MapHeight = (int)clean.Map.shape[1] }), // also where no attack is valid
            ],
            Attacks = found.Attacks,
            Judged = [.. found.Judged.Select(WorstCaseNumbers.Of)],
            Tried = found.Tried,
            LostToPrediction = found.LostToPrediction,
            UnderTinyNoise = hardly.Compare(Attack.Judge),
            WithGradient = CountWithGradient(network, images, clean.Classes, generator),
            ValuesPerImage = images.numel() / images.shape[0],
            LargestPixel = images.max().to(ScalarType.Float64).cpu().ToDouble(),
        };
    }

    /// <summary>Images at which the map has a derivative to follow.</summary>
    private long CountWithGradient(ImageNetwork network, Tensor images, Tensor classes, Generator generator)
    {
        if (Attack.ThreatModel.Radius == 0)
        {
            return images.shape[0]; // nothing is searched, so nothing is missed
        }

        MapAttack lowersTheTop = Attack.Walks(1, images.shape[2] * images.shape[3])[0]; // an objective of the map alone
        IAttributionAttack oneStep = DrawnByImage.In(lowersTheTop with { Steps = 1, KeepPrediction = false });
        using AttackResult result = oneStep.Perturb(network, images, classes, generator);
        return result.Valid.sum().cpu().ToInt64();
    }
}

/// <summary>What was found in one batch, as numbers.</summary>
internal sealed record WorstCaseBatch
{
    public required IReadOnlyList<RobustnessRow> Rows { get; init; }

    public required IReadOnlyList<string> Attacks { get; init; }

    /// <summary>By measure.</summary>
    public required IReadOnlyList<WorstCaseNumbers> Judged { get; init; }

    /// <summary>[A]: iterates other than the image itself.</summary>
    public required IReadOnlyList<long> Tried { get; init; }

    /// <summary>[A]: those of them that changed the prediction.</summary>
    public required IReadOnlyList<long> LostToPrediction { get; init; }

    /// <summary>[N]: the first measure between maps of an image and of itself under noise of <see cref="WorstCaseEvaluation.Tiny"/>.</summary>
    public required IReadOnlyList<double> UnderTinyNoise { get; init; }

    public required long WithGradient { get; init; }

    /// <summary>C·H·W.</summary>
    public required long ValuesPerImage { get; init; }

    public required double LargestPixel { get; init; }
}

/// <summary>The numbers of a <see cref="WorstCaseByJudge"/>, without its images.</summary>
/// <param name="Similarity">[N].</param>
/// <param name="ByAttack">[A][N].</param>
/// <param name="ByRestart">[R][N].</param>
/// <param name="Curves">[A][steps].</param>
/// <param name="Winner">[N].</param>
internal sealed record WorstCaseNumbers(
    IReadOnlyList<double> Similarity,
    IReadOnlyList<IReadOnlyList<double>> ByAttack,
    IReadOnlyList<IReadOnlyList<double>> ByRestart,
    IReadOnlyList<IReadOnlyList<double>> Curves,
    IReadOnlyList<int> Winner)
{
    public static WorstCaseNumbers Of(WorstCaseByJudge judged)
        => new(judged.Similarity, judged.ByAttack, judged.ByRestart, judged.Curves, judged.Winner);
}
