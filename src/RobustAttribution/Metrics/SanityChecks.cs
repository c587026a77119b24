using System.Globalization;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// Checks that a map is about the network and the class that it explains: it must change when parameters are randomized, layer by layer from the
/// output on and each layer alone (Adebayo et al. 2018, section 3), must differ between classes (Khakzar et al. 2022, class sensitivity), must be
/// the same without an attack, and no more similar under a stronger one.
/// </summary>
/// <remarks>
/// Parameters are randomized by shuffling the values of each, and the statistics of batch normalisation; Adebayo et al. draw initial weights anew.
/// The papers compare maps and give no limits: those here are ours. A map that ignores the network passes most attacks, and fails here.
/// </remarks>
public sealed record SanityChecks
{
    /// <summary>The map that is checked. Magnitudes of the input gradient summed over the channels by default.</summary>
    public SaliencyMap Map { get; init => field = Require.NotNull(value); } = new();

    /// <summary>How maps are compared; higher must be more similar. Spearman's rank correlation by default (Adebayo et al. 2018).</summary>
    /// <exception cref="ArgumentException">Lower is more similar.</exception>
    public IMapSimilarity Similarity
    {
        get;
        init => field = Require.NotNull(value).HigherIsMoreSimilar
            ? value
            : throw new ArgumentException($"{nameof(Similarity)} is {value.Name}; allowed is one of which higher is more similar.");
    }
    = new SpearmanCorrelation();

    /// <summary>The attack of the ladder; its own ε is replaced. <see cref="TopKAttack"/> with its defaults by default.</summary>
    public IAttributionAttack Attack { get; init => field = Require.NotNull(value); } = new TopKAttack();

    /// <summary>The values of ε in pixel units, ascending from 0. 0, 2, 4 and 8 of 255 by default.</summary>
    /// <exception cref="ArgumentException">They are fewer than two, do not begin with 0, or do not ascend.</exception>
    public IReadOnlyList<double> Radii { get; init => field = CheckedRadii(value); } = [0, 2.0 / 255, 4.0 / 255, 8.0 / 255];

    /// <summary>The largest similarity with all layers randomized that passes. 0.5 by default.</summary>
    public double LargestRandomizedSimilarity { get; init => field = Require.Finite(value); } = 0.5;

    /// <summary>The largest similarity with any single layer randomized that passes. 0.95 by default.</summary>
    public double LargestIndependentSimilarity { get; init => field = Require.Finite(value); } = 0.95;

    /// <summary>
    /// The largest similarity of the maps of the most and the least probable class that passes. 0.95 by default. With two classes and magnitudes the
    /// maps of both may rightly be the same: use a signed <see cref="Map"/> there.
    /// </summary>
    public double LargestClassSimilarity { get; init => field = Require.Finite(value); } = 0.95;

    /// <summary>By how much the similarity may rise from one ε to the next, for the attack is no perfect one. At least 0; 0.02 by default.</summary>
    public double LargestRise { get; init => field = Require.NonNegative(value); } = 0.02;

    /// <summary>Decides how parameters are shuffled and what attacks draw. 0 by default.</summary>
    public long Seed { get; init; }

    /// <summary>Measures a whole source, reading it once: for L layers 2·L + 2 maps of each image, besides the attacks.</summary>
    /// <param name="network">
    /// The network; is as before afterwards, bit for bit. Its parameters change meanwhile while <see cref="ImageNetwork.SyncRoot"/> is held.
    /// </param>
    /// <param name="source">The images, at least one; labels are ignored, what is explained is the predicted class.</param>
    /// <param name="batchSize">Images explained at once, at least 1.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <exception cref="ArgumentException">The source is empty, or the source or an option does not fit the network.</exception>
    /// <exception cref="InvalidOperationException">The network has no parameter, or a map is not finite.</exception>
    public SanityReport Measure(ImageNetwork network, IImageBatchSource source, int batchSize, CancellationToken cancellationToken = default)
    {
        CheckSizes(Require.NotNull(network, nameof(network)).Input);
        using IDisposable inspection = network.ForInspection();
        SanityReport? report = null;
        foreach ((Tensor images, _) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
        {
            using Generator generator = RobustnessMeasurement.GeneratorFor(Seed);
            SanityReport batch = MeasureBatch(network, images, generator);
            report = report?.Merge(batch) ?? batch;
        }

        return report ?? throw new ArgumentException("The source has no image; there is nothing to measure.", nameof(source));
    }

    /// <summary>Throws unless the attack and the measure can be applied to maps of the images' size.</summary>
    internal void CheckSizes(InputSpecification input)
    {
        MapSize.Check(nameof(Attack), Attack, input);
        MapSize.Check(nameof(Similarity), [Similarity], input);
    }

    /// <summary>The report of one batch.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">[N,C,H,W] in [0, 1], at least one.</param>
    /// <param name="generator">Source of the attacks' draws, on the CPU.</param>
    internal SanityReport MeasureBatch(ImageNetwork network, Tensor images, Generator generator)
    {
        lock (network.SyncRoot)
        {
            using IDisposable scope = Scope.Holding(network, images, generator);
            using IDisposable inspection = network.ForInspection();
            using ExplainedImages clean = new(Map, network, images, null);
            (SanityReport.Sample[] cascading, SanityReport.Sample[] independent) = Randomized(network, clean);
            using ExplainedImages least = new(Map, network, images, clean.Logits.argmin(1));
            SanityReport.Sample otherClass = Compared("least probable class", clean.Map, least.Map);
            return new(this, images.shape[0], cascading, independent, otherClass, Ladder(network, images, generator));
        }
    }

    private (SanityReport.Sample[] Cascading, SanityReport.Sample[] Independent) Randomized(ImageNetwork network, ExplainedImages clean)
    {
        _ = clean.Map; // before anything changes
        using ParameterLayers layers = new(network, clean.Images.narrow(0, 0, 1), Seed);
        if (layers.Names.Count == 0)
        {
            throw new InvalidOperationException($"The network {network.Backbone.GetName()} has no parameter; there is nothing to randomize.");
        }

        SanityReport.Sample[] cascading = Shuffled(_ => { }), independent = Shuffled(_ => layers.Restore());
        return (cascading, independent);

        SanityReport.Sample[] Shuffled(Action<int> before)
        {
            layers.Restore();
            return
            [
                .. layers.Names.Select((name, layer) =>
                {
                    before(layer);
                    layers.Shuffle(layer);
                    using ExplainedImages shuffled = new(Map, network, clean.Images, clean.Classes);
                    return Compared(name.Length == 0 ? network.Backbone.GetName() : name, clean.Map, shuffled.Map);
                }),
            ];
        }
    }

    private SanityReport.Sample[] Ladder(ImageNetwork network, Tensor images, Generator generator)
    {
        var measurement = new RobustnessMeasurement
        {
            Attacks = [.. Radii.Select(radius => Attack.WithThreatModel(Attack.ThreatModel.WithRadius(radius)))],
            Map = Map,
            Similarities = [Similarity],
        };
        ILookup<int, RobustnessRow> rows = measurement.MeasureBatch(network, images, null, generator).ToLookup(row => row.Attack);
        return
        [
            .. Radii.Select((radius, i) => new SanityReport.Sample(
                string.Create(CultureInfo.InvariantCulture, $"ε = {radius:G4}"), SampleMean.Of(MeanSimilarity.Values(rows[i], 0)))),
        ];
    }

    private SanityReport.Sample Compared(string at, Tensor before, Tensor after)
    {
        using IDisposable scope = NewDisposeScope();
        double[] values = Similarity.Compare(before, after).data<double>().ToArray();
        return new(at, SampleMean.Of(values.Where(value => !double.IsNaN(value))));
    }

    private static double[] CheckedRadii(IReadOnlyList<double>? value)
    {
        double[] radii = [.. Require.NotNull(value, nameof(Radii)).Select(radius => Require.NonNegative(radius, nameof(Radii)))];
        bool ascends = radii.Length > 1 && radii[0] == 0 && radii.Zip(radii.Skip(1)).All(pair => pair.First < pair.Second);
        return ascends
            ? radii
            : throw new ArgumentException(
                $"{nameof(Radii)} is [{string.Join(", ", radii.Select(radius => radius.ToString("G6", CultureInfo.InvariantCulture)))}];"
                + " allowed are at least two numbers that ascend from 0.");
    }
}
