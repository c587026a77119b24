using RobustAttribution.Attributions;
using RobustAttribution.Certificates;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>What one model's figures in a report rest on: measures batches of images in memory, and adds up what batches gave.</summary>
/// <remarks>Classes explained, attacked and followed by insertion and deletion are the predicted ones.</remarks>
internal sealed class ModelExamination(NetworkHandle handle, SampleImages dataset, RobustnessReportOptions options)
{
    /// <summary>Measures drawn over ε, and shown with their lift and for controls: the first ones.</summary>
    public const int CurveMeasures = 2;

    private const int AttackPurpose = 0; // further attacks count on
    private const int RadiusPurpose = 1000, WorstCasePurpose = 2000;
    private const int WorstCaseWork = 30; // walks, about
    private const int CertificateWork = 1;
    private const int LargestBatch = 32;
    private const int LargestSample = 4;

    private readonly RobustnessMeasurement measurement = new()
    {
        Attacks = options.Attacks,
        Map = options.Map,
        Similarities = options.Similarities,
        Controls = options.Controls,
        KeepKeys = true,
        KeepMaps = true,
    };

    private readonly MeasuredCurves measuredCurves = new(options.PixelCurveSteps, options.Map, options.Attacks[0], FollowsLabel: false);

    private readonly SecurityCurve security = new()
    {
        Radii = options.Radii,
        PredictionAttack = options.PredictionAttack,
        ExplanationAttack = options.Attacks[0],
        Map = options.Map,
        Similarities = [.. options.Similarities.Take(CurveMeasures)],
    };

    private readonly int batchSize = BatchSizeOf(handle, options);
    private readonly ExtremeExamples examples = new(options.ExamplesAtEachEnd);
    private readonly HashSet<int> sampleRows =
        [.. dataset.Classes.Index().DistinctBy(entry => entry.Item).Take(LargestSample).Select(entry => entry.Index)];

    private readonly List<ReportedExample> samples = [];
    private readonly List<RobustnessRow> rows = [];
    private readonly List<WorstCaseBatch> worstCases = [];
    private readonly List<(double Certified, double Important)> certificates = [];
    private readonly List<(string Curve, long Image, double Area)> areas = [];
    private IReadOnlyList<SecurityPoint>? points;
    private PixelCurveMetrics? curves, randomOrder;

    /// <summary>Insertion, deletion, and adversarial insertion under the first attack.</summary>
    public PixelCurveMetrics Curves => curves ??= PixelCurveMetrics.Empty(measuredCurves);

    /// <summary>Insertion and deletion in a random order of the pixels.</summary>
    public PixelCurveMetrics RandomOrder => randomOrder ??= PixelCurveMetrics.Empty(measuredCurves with { Attack = null });

    /// <summary>The number of classes.</summary>
    public int ClassCount => handle.ClassCount;

    /// <summary>The worst and best images under the first attack; those without a valid attacked copy, or whose attack
    /// improved nothing, are not among them.</summary>
    public IReadOnlyList<ReportedExample> Examples => examples.Examples;

    /// <summary>The first image of each of a few classes, whatever came of it.</summary>
    public IReadOnlyList<ReportedExample> Samples => samples;

    /// <summary>One point for each of <see cref="RobustnessReportOptions.Radii"/>.</summary>
    public IReadOnlyList<SecurityPoint> Security => points ??= security.Empty;

    /// <summary>The worst case of many attacks; null where it was not asked for.</summary>
    public WorstCaseMetrics? WorstCase
        => options.WorstCase is { } evaluation ? WorstCaseMetrics.Of(evaluation, worstCases, wasTraining: false) : null;

    /// <summary>
    /// By image: the shares of its pixels that are certified, and certified as important; empty where no certificate was asked for.
    /// </summary>
    public IReadOnlyList<(double Certified, double Important)> Certificates => certificates;

    /// <summary>Correct predictions, 0 or 1 for each image.</summary>
    public SampleMean Accuracy => SampleMean.Of(Rows(0).Select(row => row.IsCorrect ? 1.0 : 0.0));

    /// <summary>The same by row of the view.</summary>
    public double[] AccuracyByRow => dataset.ByRow(Rows(0).Select(row => (row.Image, row.IsCorrect ? 1.0 : 0.0)));

    /// <summary>By row of the view: whether an image stays right at a point of <see cref="Security"/>, 0 or 1.</summary>
    public double[] AccuracyByRowAt(SecurityPoint point)
    {
        HashSet<long> correct = [.. point.CorrectImages];
        return dataset.ByRow(Enumerable.Range(0, dataset.Count).Select(image => ((long)image, correct.Contains(image) ? 1.0 : 0.0)));
    }

    /// <summary>The areas under a curve of <see cref="Curves"/> by row of the view.</summary>
    public double[] AreasByRow(string curve) => dataset.ByRow(areas.Where(area => area.Curve == curve).Select(area => (area.Image, area.Area)));

    /// <summary>A measure's values under an attack by row of the view.</summary>
    public double[] SimilaritiesByRow(int attack, int measure)
        => dataset.ByRow(Rows(attack).Where(row => row.Valid).Select(row => (row.Image, row.Similarities[measure])));

    /// <summary>Values of images in their order, NaN for none, by row of the view.</summary>
    public double[] ByRow(IEnumerable<double> values) => dataset.ByRow(values.Select((value, image) => ((long)image, value)));

    /// <summary>By measure: the similarities of maps of different images, and the lift under an attack.</summary>
    public IReadOnlyList<OtherImages> OtherImages(int attack)
    {
        var maps = new MapSample.Builder();
        foreach (RobustnessRow row in Rows(attack))
        {
            maps.Add(row, ClassName(row.PredictedBefore));
        }

        return maps.Build().Compare(options.Similarities);
    }

    /// <summary>Units of <see cref="ReportClock"/>: images times walks.</summary>
    public static long Work(int images, RobustnessReportOptions options) 
        => images * (options.Attacks.Count + 1L + options.Radii.Count + (options.WorstCase is null ? 0 : WorstCaseWork)
            + (options.Certificate is null ? 0 : CertificateWork));

    /// <summary>Images in one computation.</summary>
    public static int BatchSizeOf(NetworkHandle handle, RobustnessReportOptions options)
        => options.BatchSize ?? Math.Min(handle.BatchSize, LargestBatch);

    /// <summary>The images under one attack, in their order.</summary>
    public IReadOnlyList<RobustnessRow> Rows(int attack) => rows.FindAll(row => row.Attack == attack);

    /// <summary>The class's name, or its number from 1.</summary>
    public string ClassName(long index) => handle.ClassNames is { } names ? names.Names[(int)index] : $"class {index + 1}";

    /// <summary>Measures the images of one shard, batch by batch.</summary>
    public IEnumerable<(long Batch, ExaminedBatch Result)> Measure(Shard shard, ReportClock clock)
    {
        CheckSizes();
        for (int batch = 0; batch * batchSize < dataset.Count; batch++)
        {
            if (shard.Has(batch))
            {
                yield return (batch, Measure(batch * batchSize, clock));
            }
        }
    }

    /// <summary>Adds what a batch gave; batches come in their order.</summary>
    public void Add(ExaminedBatch batch)
    {
        rows.AddRange(batch.Rows);
        certificates.AddRange(batch.Certificates);
        samples.AddRange(batch.Samples);
        foreach (ReportedExample example in batch.Examples)
        {
            examples.Add(example);
        }

        if (batch.WorstCase is { } worstCase)
        {
            worstCases.Add(worstCase);
        }

        points = SecurityCurve.Merge(Security, security.Points(batch.Security));
        curves = Curves.Merge(PixelCurveMetrics.Of(measuredCurves, batch.Curves, 0));
        randomOrder = RandomOrder.Merge(PixelCurveMetrics.Of(measuredCurves with { Attack = null }, batch.RandomOrder, 0));
        RobustnessRow[] first = [.. batch.Rows.Where(row => row.Attack == 0)];
        foreach ((string name, CurvesOfImages curve) in Curves.Curves.Keys.Zip(batch.Curves))
        {
            IEnumerable<RobustnessRow> counted = name == nameof(Curves.AdversarialInsertion) ? first.Where(row => row.Valid) : first;
            areas.AddRange(counted.Zip(curve.Areas, (row, area) => (name, row.Image, area)));
        }
    }

    private void CheckSizes()
    {
        InputSpecification input = handle.Input;
        measurement.CheckSizes(input);
        security.CheckSizes(input);
        MapSize.Check(nameof(options.WorstCase), options.WorstCase?.Attack, input);
        options.Certification?.CheckSize(input.Height, input.Width);
    }

    private ExaminedBatch Measure(int start, ReportClock clock)
    {
        ExaminedBatch measured = null!;
        handle.Use(network =>
        {
            using IDisposable scope = NewDisposeScope();
            int count = Math.Min(batchSize, dataset.Count - start);
            InputSpecification input = network.Input;
            float[] pixels = dataset.Pixels[(start * input.ValueCount)..((start + count) * input.ValueCount)];
            Tensor images = tensor(pixels, dtype: ScalarType.Float32, device: CPU)
                .reshape(count, input.Channels, input.Height, input.Width).to(network.DataType).to(network.Device);
            measured = Measure(network, images, dataset.Classes[start..(start + count)], RobustnessMeasurement.Places(start, images), clock);
        });
        return measured;
    }

    private ExaminedBatch Measure(ImageNetwork network, Tensor images, long[] classes, long[] places, ReportClock clock)
    {
        int count = places.Length;
        using ExplainedImages clean = measurement.Explain(network, images, null, places);
        using CertifiedMaps? certified = options.Certification?.Certify(network, images, clean.Classes);
        if (certified is not null)
        {
            clock.Advance("certificates", (long)count * CertificateWork);
        }

        List<RobustnessRow> found = [];
        ExaminedBatch? ofFirst = null;
        for (int i = 0; i < options.Attacks.Count; i++)
        {
            using IDisposable scope = NewDisposeScope();
            using Generator generator = Draws(AttackPurpose + i);
            using AttackedImages attacked = clean.Under(options.Attacks[i], generator);
            RobustnessRow[] under = [.. measurement.Rows(attacked, i, classes, places)];
            found.AddRange(under);
            if (i == 0)
            {
                ofFirst = UnderFirst(network, clean, attacked, under, certified);
                clock.Advance("insertion and deletion", count);
            }

            clock.Advance(ReportTexts.Name(options.Attacks[i]), count);
        }

        return ofFirst! with
        {
            Rows = found,
            Certificates = certified is null
                ? []
                : [.. certified.CertifiedShares().data<double>().Zip(certified.ImportantShares().data<double>())],
            WorstCase = MeasureWorstCase(network, images, places, clock),
            Security = MeasureSecurity(network, images, classes, places, clock),
        };
    }

    private WorstCaseBatch? MeasureWorstCase(ImageNetwork network, Tensor images, long[] places, ReportClock clock)
    {
        if (options.WorstCase is not { } worstCase)
        {
            return null;
        }

        using Generator generator = Draws(WorstCasePurpose);
        WorstCaseBatch found = worstCase.MeasureBatch(network, images, null, generator, places);
        clock.Advance("worst case", (long)places.Length * WorstCaseWork);
        return found;
    }

    private SecurityRows MeasureSecurity(ImageNetwork network, Tensor images, long[] classes, long[] places, ReportClock clock)
    {
        if (options.Radii.Count == 0)
        {
            return new([], []);
        }

        using IDisposable scope = NewDisposeScope();
        using Generator generator = Draws(RadiusPurpose);
        SecurityRows found = security.MeasureRows(network, images, tensor(classes, device: CPU).to(network.Device), generator, places);
        clock.Advance("attacks over ε", (long)places.Length * options.Radii.Count);
        return found;
    }

    /// <summary>What the first attack gives: curves, and images for the gallery.</summary>
    private ExaminedBatch UnderFirst(
        ImageNetwork network, ExplainedImages clean, AttackedImages attacked, RobustnessRow[] found, CertifiedMaps? certified)
    {
        bool[] all = [.. Enumerable.Repeat(true, found.Length)];
        Tensor order = new SaliencyMap(new RandomMap()).Of(network, clean.Images, clean.Classes);
        var batch = new ExaminedBatch
        {
            Curves =
            [
                CurvesOfImages.Of(measuredCurves.Insertion, network, clean, clean.Map, all),
                CurvesOfImages.Of(measuredCurves.Deletion, network, clean, clean.Map, all),
                CurvesOfImages.Of(measuredCurves.Insertion, network, clean, attacked.After.Map, [.. found.Select(row => row.Valid)]),
            ],
            RandomOrder =
            [
                CurvesOfImages.Of(measuredCurves.Insertion, network, clean, order, all),
                CurvesOfImages.Of(measuredCurves.Deletion, network, clean, order, all),
            ],
        };
        var extremes = new ExtremeExamples(options.ExamplesAtEachEnd);
        List<ReportedExample> chosen = [];
        foreach ((ReportedExample example, bool usable, bool isSample) in Shown(attacked, found, certified))
        {
            if (usable)
            {
                extremes.Add(example);
            }

            if (isSample)
            {
                chosen.Add(example);
            }
        }

        return batch with { Examples = extremes.Examples, Samples = chosen };
    }

    private IEnumerable<(ReportedExample Example, bool Usable, bool IsSample)> Shown(
        AttackedImages attacked, RobustnessRow[] found, CertifiedMaps? certified)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor before = nn.functional.softmax(attacked.Before.Logits, 1);
        Tensor after = nn.functional.softmax(attacked.After.Logits, 1);
        Tensor? certificate = certified?.Labels.to(ScalarType.Float32);
        IMapSimilarity first = options.Similarities[0];
        for (int i = 0; i < found.Length; i++)
        {
            RobustnessRow row = found[i];
            bool usable = row.Valid && !row.Unchanged && !double.IsNaN(row.Similarities[0]) && options.ExamplesAtEachEnd > 0;
            bool isSample = sampleRows.Contains((int)row.Image);
            if (!usable && !isSample)
            {
                continue;
            }

            var example = new ReportedExample
            {
                Id = dataset.Ids[row.Image],
                Image = RobustnessMeasurement.Values(attacked.Before.Images, i),
                AttackedImage = RobustnessMeasurement.Values(attacked.After.Images, i),
                Map = RobustnessMeasurement.Values(attacked.Before.Map, i),
                AttackedMap = RobustnessMeasurement.Values(attacked.After.Map, i),
                Certificate = certificate is null ? default : RobustnessMeasurement.Values(certificate, i),
                Channels = handle.Input.Channels,
                Height = handle.Input.Height,
                Width = handle.Input.Width,
                TrueClass = ClassName(row.Label),
                Prediction = Largest(RobustnessMeasurement.Values(before, i)),
                AttackedPrediction = Largest(RobustnessMeasurement.Values(after, i)),
                Similarity = first.HigherIsMoreSimilar ? row.Similarities[0] : -row.Similarities[0],
                Numbers = [.. options.Similarities.Zip(row.Similarities, (similarity, value) => (similarity.Name, value))],
            };
            yield return (example, usable, isSample);
        }
    }

    private Generator Draws(int purpose) => new((ulong)SplitMix64.Derive(options.Seed, purpose), CPU);

    private (string Class, double Probability) Largest(float[] probabilities)
    {
        int index = Array.IndexOf(probabilities, probabilities.Max());
        return (ClassName(index), probabilities[index]);
    }
}

/// <summary>What one batch of images gave, as numbers.</summary>
internal sealed record ExaminedBatch
{
    /// <summary>Attack by attack, the images in their order.</summary>
    public IReadOnlyList<RobustnessRow> Rows { get; init; } = [];

    /// <summary>Null where no worst case was asked for.</summary>
    public WorstCaseBatch? WorstCase { get; init; }

    /// <summary>By image; empty where no certificate was asked for.</summary>
    public IReadOnlyList<(double Certified, double Important)> Certificates { get; init; } = [];

    /// <summary>Under attacks of growing ε.</summary>
    public SecurityRows Security { get; init; } = new([], []);

    /// <summary>Insertion, deletion, adversarial insertion.</summary>
    public required IReadOnlyList<CurvesOfImages> Curves { get; init; }

    /// <summary>Insertion and deletion in a random order of the pixels.</summary>
    public required IReadOnlyList<CurvesOfImages> RandomOrder { get; init; }

    /// <summary>The worst and the best of the batch.</summary>
    public IReadOnlyList<ReportedExample> Examples { get; init; } = [];

    /// <summary>Those of the images that are shown whatever comes of them.</summary>
    public IReadOnlyList<ReportedExample> Samples { get; init; } = [];
}
