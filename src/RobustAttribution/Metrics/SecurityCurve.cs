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

    /// <summary>The attribution. The input gradient by default.</summary>
    public IAttributionMethod Attribution { get; init => field = Require.NotNull(value); } = new InputGradient();

    /// <summary>How attributions become maps. Magnitudes summed over the channels by default.</summary>
    public MapReduction Reduction { get; init => field = Require.NotNull(value); } = new();

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
    /// <param name="generator">Source of the attacks' draws, on the network's device.</param>
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
        Require.NotNull(network, nameof(network));
        Require.NotNull(generator, nameof(generator));
        var saliency = new SaliencyMap(Attribution, Reduction);
        SecurityTally[] tallies = [.. Radii.Select(radius => new SecurityTally(radius, Similarities))];
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            using IDisposable step = NewDisposeScope();
            (Tensor map, Tensor logits) = saliency.OfPredicted(network, images);
            Tensor predicted = logits.argmax(1);
            foreach (SecurityTally tally in tallies)
            {
                using IDisposable point = NewDisposeScope();
                using AttackResult onPrediction = WithRadius(PredictionAttack, tally.Radius).Perturb(network, images, classes, generator);
                using AttackResult onExplanation = WithRadius(ExplanationAttack, tally.Radius).Perturb(network, images, predicted, generator);
                Tensor attackedMap = saliency.Of(network, onExplanation.Images, predicted);
                tally.Add(
                    predicted.eq(classes).logical_and(Predict(network, onPrediction.Images).eq(classes)),
                    onExplanation.Valid,
                    [.. Similarities.Select(similarity => similarity.Compare(map, attackedMap))]);
            }

            progress?.Invoke(tallies.Length == 0 ? 0 : tallies[0].Count);
        }

        return [.. tallies.Select(tally => tally.ToPoint())];
    }

    private static IAttributionAttack WithRadius(IAttributionAttack attack, double radius)
        => attack.WithThreatModel(attack.ThreatModel.WithRadius(radius));

    private static Tensor Predict(ImageNetwork network, Tensor images)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        return network.Logits(images).argmax(1).MoveToOuterDisposeScope();
    }
}
