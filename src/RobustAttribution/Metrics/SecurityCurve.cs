using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// Accuracy and robustness of the maps as functions of the attacker's budget ε: one <see cref="SecurityPoint"/> for each ε, over a whole source.
/// </summary>
public sealed record SecurityCurve
{
    /// <summary>The values of ε in pixel units, each at least 0. 0, 2, 4, 8 and 16 of 255 by default.</summary>
    public IReadOnlyList<double> Radii
    {
        get;
        init => field = [.. Require.NotNull(value).Select(radius => Require.NonNegative(radius, nameof(Radii)))];
    }
    = [0, 2.0 / 255, 4.0 / 255, 8.0 / 255, 16.0 / 255];

    /// <summary>The attack on the prediction; its own ε is replaced. <see cref="ProjectedGradientDescent"/> with its defaults by default.</summary>
    public IAttributionAttack PredictionAttack { get; init => field = Require.NotNull(value); } = new ProjectedGradientDescent();

    /// <summary>The attack on the explanation; its own ε is replaced. <see cref="TopKAttack"/> with its defaults by default.</summary>
    public IAttributionAttack ExplanationAttack { get; init => field = Require.NotNull(value); } = new TopKAttack();

    /// <summary>The map whose change is measured. Magnitudes of the input gradient summed over the channels by default.</summary>
    public SaliencyMap Map { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The measures. Top-100 intersection and Kendall τ by default (ART).</summary>
    public IReadOnlyList<IMapSimilarity> Similarities
    {
        get;
        init => field = [.. Require.NotNull(value)];
    }
    = [new TopKIntersection(), new KendallTau()];

    /// <summary>Measures a whole source, reading it once.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="source">Images and true classes, at least one. Explained and attacked is the class predicted for the clean image.</param>
    /// <param name="batchSize">Images attacked at once, at least 1.</param>
    /// <param name="generator">Source of the attacks' draws, on the CPU.</param>
    /// <param name="progress">Called with the images done after each batch; null for none.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>In the order of <see cref="Radii"/>.</returns>
    /// <exception cref="ArgumentException">The source is empty, or does not fit the network.</exception>
    public IReadOnlyList<SecurityPoint> Measure(
        ImageNetwork network,
        IImageBatchSource source,
        int batchSize,
        Generator generator,
        Action<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Require.NotNull(generator, nameof(generator));
        CheckSizes(Require.NotNull(network, nameof(network)).Input);
        using IDisposable inspection = network.ForInspection();
        IReadOnlyList<SecurityPoint> points = Empty;
        long done = 0;
        foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            points = Merge(points, MeasureBatch(network, images, classes, generator, RobustnessMeasurement.Places(done, images)));
            done += images.shape[0];
            progress?.Invoke(done);
        }

        return done > 0 ? points : throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source));
    }

    /// <summary>Throws unless the attacks and measures can be applied to maps of the images' size.</summary>
    /// <exception cref="ArgumentException">One cannot; the message names the option, its value and what is allowed.</exception>
    internal void CheckSizes(InputSpecification input)
    {
        MapSize.Check(nameof(PredictionAttack), PredictionAttack, input);
        MapSize.Check(nameof(ExplanationAttack), ExplanationAttack, input);
        MapSize.Check(nameof(Similarities), Similarities, input);
    }

    /// <summary>The points before the first image.</summary>
    internal IReadOnlyList<SecurityPoint> Empty => [.. Radii.Select(radius => SecurityPoint.Of(this, radius, [], []))];

    /// <summary>The points of the images of both.</summary>
    /// <exception cref="ArgumentException">They have other values of ε, attacks, maps or measures.</exception>
    internal static IReadOnlyList<SecurityPoint> Merge(IReadOnlyList<SecurityPoint> first, IReadOnlyList<SecurityPoint> second)
    {
        Merging.RequireSame(Settings(first), Settings(second));
        return [.. first.Zip(second, (a, b) => a.Merge(b))];

        static object Settings(IReadOnlyList<SecurityPoint> points) => new { Radii = points.Select(point => point.Radius).ToArray() };
    }

    /// <summary>The points of one batch.</summary>
    /// <param name="network">The network, under inspection.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="classes">[N], int64: the true classes.</param>
    /// <param name="generator">Source of the attacks' draws, on the CPU.</param>
    /// <param name="places">The images' rows in the source.</param>
    internal IReadOnlyList<SecurityPoint> MeasureBatch(
        ImageNetwork network, Tensor images, Tensor classes, Generator generator, IReadOnlyList<long> places)
        => Points(MeasureRows(network, images, classes, generator, places));

    /// <summary>The rows of one batch behind its points: their attack is the place in <see cref="Radii"/>.</summary>
    internal SecurityRows MeasureRows(ImageNetwork network, Tensor images, Tensor classes, Generator generator, IReadOnlyList<long> places)
    {
        var predictions = new RobustnessMeasurement { Attacks = OverRadii(PredictionAttack), AttackTrueClass = true, Similarities = [] };
        var explanations = new RobustnessMeasurement { Attacks = OverRadii(ExplanationAttack), Map = Map, Similarities = Similarities };
        return new(
            [.. predictions.MeasureBatch(network, images, classes, generator, places)],
            [.. explanations.MeasureBatch(network, images, classes, generator, places)]);
    }

    /// <summary>The points of some rows.</summary>
    internal IReadOnlyList<SecurityPoint> Points(SecurityRows rows)
    {
        ILookup<int, RobustnessRow> predicted = rows.Predictions.ToLookup(row => row.Attack);
        ILookup<int, RobustnessRow> explained = rows.Explanations.ToLookup(row => row.Attack);
        return [.. Radii.Select((radius, i) => SecurityPoint.Of(this, radius, [.. predicted[i]], [.. explained[i]]))];
    }

    private IReadOnlyList<IAttributionAttack> OverRadii(IAttributionAttack attack)
        => [.. Radii.Select(radius => attack.WithThreatModel(attack.ThreatModel.WithRadius(radius)))];
}

/// <summary>What is behind the points of a <see cref="SecurityCurve"/>.</summary>
/// <param name="Predictions">The images under the attack on the prediction.</param>
/// <param name="Explanations">The same images under the attack on the explanation.</param>
internal sealed record SecurityRows(IReadOnlyList<RobustnessRow> Predictions, IReadOnlyList<RobustnessRow> Explanations);
