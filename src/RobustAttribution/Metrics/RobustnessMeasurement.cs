using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Metrics;

/// <summary>
/// Explains images, attacks them, explains them again and compares: one <see cref="RobustnessRow"/> for each image and attack. Every robustness
/// metric is a fold over these rows.
/// </summary>
public sealed record RobustnessMeasurement
{
    /// <summary>The attacks; each image meets all of them. <see cref="TopKAttack"/> with its defaults by default.</summary>
    public IReadOnlyList<IAttributionAttack> Attacks { get; init => field = [.. Require.NotNull(value)]; } = [new TopKAttack()];

    /// <summary>The map whose change is measured. Magnitudes of the input gradient summed over the channels by default.</summary>
    public SaliencyMap Map { get; init => field = Require.NotNull(value); } = new();

    /// <summary>The measures; without any no map is computed. Top-100 intersection and Kendall τ by default (ART).</summary>
    public IReadOnlyList<IMapSimilarity> Similarities
    {
        get;
        init => field = [.. Require.NotNull(value)];
    }
    = [new TopKIntersection(), new KendallTau()];

    /// <summary>Whether the true class is explained and attacked, not the predicted one: for attacks on the prediction. False by default.</summary>
    public bool AttackTrueClass { get; init; }

    /// <summary>Whether the rows hold the attacked images and their maps. False by default.</summary>
    public bool KeepImages { get; init; }

    /// <summary>
    /// Attributions whose maps are compared on the same attacked images, e.g. <see cref="EdgeMap"/>: what a map that knows nothing of the network
    /// gets. None by default.
    /// </summary>
    public IReadOnlyList<IAttributionMethod> Controls { get; init => field = [.. Require.NotNull(value)]; } = [];

    /// <summary>Whether the rows know the content of their image.</summary>
    internal bool KeepKeys { get; init; }

    /// <summary>Whether the rows hold the map before the attack.</summary>
    internal bool KeepMaps { get; init; }

    /// <summary>
    /// Uniform draws in place of an attacker (Joo et al. 2023, random perturbation similarity): the mean over an image's rows is its similarity.
    /// Maps are magnitudes summed over the channels, divided by the largest; the measure is the cosine.
    /// </summary>
    /// <remarks>Every draw is compared with the map of the image itself (AGA's script overwrites it). A draw may change the prediction.</remarks>
    /// <param name="threatModel">Where the draws come from; null for <see cref="LinfBall"/> with ε = 8/255. AGA reports 4, 8 and 16 of 255.</param>
    /// <param name="draws">Draws for each image, at least 1. 10 by default (AGA).</param>
    public static RobustnessMeasurement RandomPerturbation(IThreatModel? threatModel = null, int draws = 10)
    {
        var noise = new RandomNoise { ThreatModel = threatModel ?? new LinfBall(), KeepPrediction = false };
        return new RobustnessMeasurement
        {
            Attacks = [.. Enumerable.Repeat(noise, Require.InRange(draws, 1, name: nameof(draws)))],
            Map = new SaliencyMap(reduction: new MapReduction(MapSign.Absolute, MapScale.Max)),
            Similarities = [new CosineSimilarity()],
        };
    }

    /// <summary>Throws unless every attack and measure can be applied to maps of the images' size.</summary>
    /// <exception cref="ArgumentException">One cannot; the message names the option, its value and what is allowed.</exception>
    internal void CheckSizes(InputSpecification input)
    {
        foreach ((int i, IAttributionAttack attack) in Attacks.Index())
        {
            MapSize.Check($"{nameof(Attacks)}[{i}]", attack, input);
        }

        MapSize.Check(nameof(Similarities), Similarities, input);
    }

    /// <summary>Measures a source, batch by batch as the rows are read.</summary>
    /// <param name="network">The network; is as before when the rows have been read.</param>
    /// <param name="source">Images and true classes.</param>
    /// <param name="batchSize">Images attacked at once, at least 1.</param>
    /// <param name="seed">Start of the attacks' draws; those of an image depend on it and on the image alone.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>Batch by batch, within a batch attack by attack.</returns>
    /// <exception cref="ArgumentException">The source or an option does not fit the network.</exception>
    /// <exception cref="InvalidOperationException">A map is not finite; the message names the method and the image.</exception>
    public IEnumerable<RobustnessRow> Measure(
        ImageNetwork network, IImageBatchSource source, int batchSize, long seed = 0, CancellationToken cancellationToken = default)
    {
        Require.NotNull(network, nameof(network));
        Require.NotNull(source, nameof(source));
        Require.InRange(batchSize, 1, name: nameof(batchSize));
        CheckSizes(network.Input);
        return Batches().SelectMany(rows => rows);

        IEnumerable<IReadOnlyList<RobustnessRow>> Batches()
        {
            using IDisposable inspection = network.ForInspection();
            long first = 0;
            foreach ((Tensor images, Tensor classes) in BatchPreparation.Read(network, source, batchSize, cancellationToken))
            {
                using Generator generator = GeneratorFor(seed);
                yield return MeasureBatch(network, images, classes, generator, Places(first, images));
                first += images.shape[0];
            }
        }
    }

    /// <summary>The rows of one batch.</summary>
    /// <param name="network">The network; is as before afterwards.</param>
    /// <param name="images">[N,C,H,W] in [0, 1].</param>
    /// <param name="labels">[N], int64, −1 where unknown; null where all are.</param>
    /// <param name="generator">Source of the attacks' draws, on the CPU.</param>
    /// <param name="places">The images' rows in the source; null for their places in the batch.</param>
    internal IReadOnlyList<RobustnessRow> MeasureBatch(
        ImageNetwork network, Tensor images, Tensor? labels, Generator generator, IReadOnlyList<long>? places = null)
    {
        using IDisposable scope = Scope.Holding(network, images, labels, generator);
        using IDisposable inspection = network.ForInspection();
        using ExplainedImages clean = Explain(network, images, labels, places);
        long[]? known = labels?.cpu().data<long>().ToArray();
        List<RobustnessRow> rows = new(Attacks.Count * (int)images.shape[0]);
        for (int attack = 0; attack < Attacks.Count; attack++)
        {
            using IDisposable step = NewDisposeScope();
            using AttackedImages attacked = clean.Under(Attacks[attack], generator);
            rows.AddRange(Rows(attacked, attack, known, places));
        }

        return rows;
    }

    /// <summary>A batch before any attack; what is computed of it serves every attack.</summary>
    internal ExplainedImages Explain(ImageNetwork network, Tensor images, Tensor? labels, IReadOnlyList<long>? places = null)
    {
        Tensor? classes = AttackTrueClass
            ? (labels ?? throw new ArgumentNullException(nameof(labels), "AttackTrueClass is set, which needs labels.")).relu() // unknown: class 0
            : null;
        return new ExplainedImages(Map, network, images, classes, places);
    }

    /// <summary>The rows of a batch under one attack.</summary>
    internal IEnumerable<RobustnessRow> Rows(AttackedImages attacked, int attack, long[]? labels, IReadOnlyList<long>? places = null)
    {
        using IDisposable scope = NewDisposeScope();
        double[][] similarities = [.. Similarities.Select(attacked.Compare)];
        long[] before = attacked.Before.Predicted.cpu().data<long>().ToArray();
        long[] after = attacked.After.Predicted.cpu().data<long>().ToArray();
        bool[] valid = attacked.Valid.cpu().data<bool>().ToArray();
        bool[] unchanged = attacked.Unchanged.cpu().data<bool>().ToArray();
        double[][][] controls = [.. Controls.Select(control => attacked.Compare(new SaliencyMap(control, Map.Reduction), Similarities))];
        return
        [
            .. valid.Select((found, i) => new RobustnessRow
            {
                Image = places is null ? i : places[i],
                Attack = attack,
                Label = labels?[i] ?? -1,
                PredictedBefore = before[i],
                PredictedAfter = after[i],
                Valid = found,
                Unchanged = unchanged[i],
                Similarities = Array.ConvertAll(similarities, values => values[i]),
                AttackedImage = KeepImages ? Values(attacked.After.Images, i) : default,
                AttackedMap = KeepImages ? Values(attacked.After.Map, i) : default,
                ControlSimilarities = Array.ConvertAll(controls, control => Array.ConvertAll(control, values => values[i])),
                Key = KeepKeys ? attacked.Before.Keys[i] : default,
                Map = KeepMaps && found ? attacked.Before.MapValues[i] : default,
                MapHeight = KeepMaps && found ? (int)attacked.Before.Map.shape[1] : 0,
            }),
        ];
    }

    /// <summary>The rows of a batch in a source that is read from its beginning.</summary>
    internal static long[] Places(long first, Tensor images) => [.. Enumerable.Range(0, (int)images.shape[0]).Select(i => first + i)];

    /// <summary>A row of a tensor as numbers.</summary>
    internal static float[] Values(Tensor tensor, long row)
    {
        using IDisposable scope = NewDisposeScope();
        return tensor.select(0, row).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>The source of a batch's draws, the same for every batch: random starts differ from image to image.</summary>
    internal static Generator GeneratorFor(long seed) => new((ulong)SplitMix64.Derive(seed, 0), CPU);
}
