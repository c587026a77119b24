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

/// <summary>Measures one network on images in memory: attacks, curves and the images of the gallery in one pass, then the curves over ε.</summary>
/// <remarks>Classes explained, attacked and followed by insertion and deletion are the predicted ones.</remarks>
internal sealed class ModelExamination(NetworkHandle handle, SampleImages dataset, RobustnessReportOptions options, ReportClock clock)
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

    private readonly MeasuredCurves measuredCurves =
        new(options.PixelCurveSteps, options.Map, options.Attacks[0], FollowsLabel: false);

    private readonly ExtremeExamples examples = new(options.ExamplesAtEachEnd);
    private readonly HashSet<int> sampleRows =
        [.. dataset.Classes.Index().DistinctBy(entry => entry.Item).Take(LargestSample).Select(entry => entry.Index)];

    private readonly List<ReportedExample> samples = [];
    private readonly List<RobustnessRow> rows = [];
    private readonly List<WorstCaseBatch> worstCases = [];
    private readonly List<(double Certified, double Important)> certificates = [];
    private readonly int batchSize = options.BatchSize ?? Math.Min(handle.BatchSize, LargestBatch);
    private readonly List<(string Curve, long Image, double Area)> areas = [];
    private PixelCurveMetrics? curves;
    private (PixelCurveStatistics Insertion, PixelCurveStatistics Deletion)? randomOrder;

    /// <summary>Insertion, deletion, and adversarial insertion under the first attack.</summary>
    public PixelCurveMetrics Curves => curves ??= PixelCurveMetrics.Empty(measuredCurves);

    /// <summary>Insertion and deletion in a random order of the pixels.</summary>
    public (PixelCurveStatistics Insertion, PixelCurveStatistics Deletion) RandomOrder => randomOrder
        ??= (PixelCurveStatistics.Empty(measuredCurves.Insertion), PixelCurveStatistics.Empty(measuredCurves.Deletion));

    /// <summary>The number of classes.</summary>
    public int ClassCount => handle.ClassCount;

    /// <summary>The worst and best images under the first attack; those without a valid attacked copy, or whose attack
    /// improved nothing, are not among them.</summary>
    public IReadOnlyList<ReportedExample> Examples => examples.Examples;

    /// <summary>The first image of each of a few classes, whatever came of it.</summary>
    public IReadOnlyList<ReportedExample> Samples => samples;

    /// <summary>One point for each of <see cref="RobustnessReportOptions.Radii"/>.</summary>
    public List<SecurityPoint> Security { get; } = [];

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

    /// <summary>The images under one attack, in their order.</summary>
    public IReadOnlyList<RobustnessRow> Rows(int attack) => rows.FindAll(row => row.Attack == attack);

    /// <summary>The class's name, or its number from 1.</summary>
    public string ClassName(long index) => handle.ClassNames is { } names ? names.Names[(int)index] : $"class {index + 1}";

    public void Run() => handle.Use(network =>
    {
        using IDisposable scope = NewDisposeScope();
        InputSpecification input = network.Input;
        measurement.CheckSizes(input);
        MapSize.Check(nameof(options.WorstCase), options.WorstCase?.Attack, input);
        options.Certification?.CheckSize(input.Height, input.Width);
        Tensor images = tensor(dataset.Pixels, dtype: ScalarType.Float32, device: CPU)
            .reshape(dataset.Count, input.Channels, input.Height, input.Width);
        for (int start = 0; start < dataset.Count; start += batchSize)
        {
            using IDisposable batch = NewDisposeScope();
            int count = Math.Min(batchSize, dataset.Count - start);
            Measure(network, images.narrow(0, start, count).to(network.DataType).to(network.Device), start);
        }

        MeasureRadii(network, new TensorBatchSource(images, tensor(dataset.Classes, device: CPU)));
    });

    private void Measure(ImageNetwork network, Tensor images, int start)
    {
        long[] places = RobustnessMeasurement.Places(start, images);
        using ExplainedImages clean = measurement.Explain(network, images, null, places);
        int count = places.Length;
        using CertifiedMaps? certified = options.Certification?.Certify(network, images, clean.Classes);
        if (certified is not null)
        {
            certificates.AddRange(certified.CertifiedShares().data<double>().Zip(certified.ImportantShares().data<double>()));
            clock.Advance("certificates", (long)count * CertificateWork);
        }

        for (int i = 0; i < options.Attacks.Count; i++)
        {
            using IDisposable scope = NewDisposeScope();
            using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, AttackPurpose + i), CPU);
            using AttackedImages attacked = clean.Under(options.Attacks[i], generator);
            RobustnessRow[] found = [.. measurement.Rows(attacked, i, dataset.Classes[start..(start + count)], places)];
            rows.AddRange(found);
            if (i == 0)
            {
                Collect(found, attacked, certified);
                bool[] all = [.. Enumerable.Repeat(true, count)];
                PixelCurveMetrics ofBatch = PixelCurveMetrics.Of(measuredCurves, network, clean, attacked, all);
                Keep(ofBatch, found);
                curves = Curves.Merge(ofBatch);
                MeasureRandomOrder(network, clean, all);
                clock.Advance("insertion and deletion", count);
            }

            clock.Advance(ReportTexts.Name(options.Attacks[i]), count);
        }

        if (options.WorstCase is { } worstCase)
        {
            using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, WorstCasePurpose), CPU);
            worstCases.Add(worstCase.MeasureBatch(network, images, null, generator, places));
            clock.Advance("worst case", (long)count * WorstCaseWork);
        }
    }

    private void Keep(PixelCurveMetrics batch, RobustnessRow[] images)
    {
        foreach ((string name, PixelCurveStatistics curve) in batch.Curves)
        {
            IEnumerable<RobustnessRow> counted = ReferenceEquals(curve, batch.AdversarialInsertion) ? images.Where(row => row.Valid) : images;
            areas.AddRange(counted.Zip(curve.Areas, (row, area) => (name, row.Image, area)));
        }
    }

    private void MeasureRandomOrder(ImageNetwork network, ExplainedImages images, bool[] all)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor order = new SaliencyMap(new RandomMap()).Of(network, images.Images, images.Classes);
        randomOrder = (
            RandomOrder.Insertion.Merge(PixelCurveStatistics.Of(measuredCurves.Insertion, network, images, order, all)),
            RandomOrder.Deletion.Merge(PixelCurveStatistics.Of(measuredCurves.Deletion, network, images, order, all)));
    }

    private void MeasureRadii(ImageNetwork network, TensorBatchSource images)
    {
        foreach ((int index, double radius) in options.Radii.Index())
        {
            var curve = new SecurityCurve
            {
                Radii = [radius],
                PredictionAttack = options.PredictionAttack,
                ExplanationAttack = options.Attacks[0],
                Map = measurement.Map,
                Similarities = [.. options.Similarities.Take(CurveMeasures)],
            };
            using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, RadiusPurpose, index), CPU);
            string step = $"attacks with {ReportTexts.Budget(options.Attacks[0].ThreatModel.WithRadius(radius))}";
            long done = 0;
            Security.AddRange(curve.Measure(network, images, batchSize, generator, Advance, options.CancellationToken));

            void Advance(long count)
            {
                clock.Advance(step, count - done);
                done = count;
            }
        }
    }

    /// <summary>Adds images to the gallery.</summary>
    private void Collect(RobustnessRow[] found, AttackedImages attacked, CertifiedMaps? certified)
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
            if (usable)
            {
                examples.Add(example);
            }

            if (isSample)
            {
                samples.Add(example);
            }
        }
    }

    private (string Class, double Probability) Largest(float[] probabilities)
    {
        int index = Array.IndexOf(probabilities, probabilities.Max());
        return (ClassName(index), probabilities[index]);
    }
}
