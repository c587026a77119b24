using RobustAttribution.Attacks;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;
using RobustAttribution.Similarities;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>Measures one network on images in memory: every attack, the curves, and the images of the gallery in one pass, then the curves over ε.</summary>
/// <remarks>Classes explained, attacked and followed by insertion and deletion are the predicted ones.</remarks>
internal sealed class ModelExamination(NetworkHandle handle, SampleImages dataset, RobustnessReportOptions options, ReportClock clock)
{
    private const int AttackPurpose = 0; // further attacks count on
    private const int RadiusPurpose = 1000;
    private const int LargestBatch = 32;
    private const int CurveMeasures = 2;
    private const int LargestSample = 4;

    private readonly ExtremeExamples examples = new(options.ExamplesAtEachEnd);
    private readonly HashSet<int> sampleRows = [.. dataset.Classes.Index().DistinctBy(entry => entry.Item).Take(LargestSample).Select(entry => entry.Index)];
    private readonly List<ReportedExample> samples = [];
    private readonly int batchSize = options.BatchSize ?? Math.Min(handle.BatchSize, LargestBatch);

    public ModelTotals Totals { get; } = new(options);

    /// <summary>The worst and best images under the first attack; those without a valid attacked copy are not among them.</summary>
    public IReadOnlyList<ReportedExample> Examples => examples.Examples;

    /// <summary>The first image of each of a few classes, whatever came of it.</summary>
    public IReadOnlyList<ReportedExample> Samples => samples;

    /// <summary>One point for each of <see cref="RobustnessReportOptions.Radii"/>.</summary>
    public List<SecurityPoint> Security { get; } = [];

    /// <summary>Units of <see cref="ReportClock"/>: images times walks.</summary>
    public static long Work(int images, RobustnessReportOptions options) => images * (options.Attacks.Count + 1L + options.Radii.Count);

    /// <summary>The class's name, or its number from 1.</summary>
    public string ClassName(long index) => handle.ClassNames is { } names ? names.Names[(int)index] : $"class {index + 1}";

    public void Run() => handle.Use(network =>
    {
        using IDisposable scope = NewDisposeScope();
        InputSpecification input = network.Input;
        Tensor images = tensor(dataset.Pixels, dtype: ScalarType.Float32).reshape(dataset.Count, input.Channels, input.Height, input.Width);
        Tensor classes = tensor(dataset.Classes);
        for (int start = 0; start < dataset.Count; start += batchSize)
        {
            using IDisposable batch = NewDisposeScope();
            int end = Math.Min(start + batchSize, dataset.Count);
            Measure(
                network,
                images.narrow(0, start, end - start).to(network.DataType).to(network.Device),
                start);
        }

        MeasureRadii(network, images, classes);
    });

    private void Measure(ImageNetwork network, Tensor images, int start)
    {
        Tensor probabilities = Probabilities(network, images);
        Tensor predicted = probabilities.argmax(1);
        Tensor map = MapOf(network, images, predicted);
        long[] predictions = predicted.cpu().data<long>().ToArray();
        for (int i = 0; i < predictions.Length; i++)
        {
            Totals.Accuracy.Add(predictions[i] == dataset.Classes[start + i] ? 1 : 0);
        }

        for (int i = 0; i < options.Attacks.Count; i++)
        {
            using IDisposable scope = NewDisposeScope();
            using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, AttackPurpose + i, start), network.Device);
            using AttackResult attacked = options.Attacks[i].Perturb(network, images, predicted, generator);
            Tensor attackedMap = MapOf(network, attacked.Images, predicted);
            bool[] valid = attacked.Valid.cpu().data<bool>().ToArray();
            double[][] similarities = [.. options.Similarities.Select(similarity => similarity.Compare(map, attackedMap).data<double>().ToArray())];
            for (int row = 0; row < valid.Length; row++)
            {
                Totals.Attacks[i].Add(valid[row], Array.ConvertAll(similarities, values => values[row]));
            }

            if (i == 0)
            {
                Collect(start, images, probabilities, map, attacked.Images, Probabilities(network, attacked.Images), attackedMap, valid, similarities);
                Add(Totals.AdversarialInsertion, new InsertionCurve { Steps = options.PixelCurveSteps }, network, images, predicted, attackedMap, valid);
            }

            clock.Advance(ReportTexts.Name(options.Attacks[i]), valid.Length);
        }

        bool[] all = [.. predictions.Select(_ => true)];
        Add(Totals.Insertion, new InsertionCurve { Steps = options.PixelCurveSteps }, network, images, predicted, map, all);
        Add(Totals.Deletion, new DeletionCurve { Steps = options.PixelCurveSteps }, network, images, predicted, map, all);
        clock.Advance("insertion and deletion", predictions.Length);
    }

    private void MeasureRadii(ImageNetwork network, Tensor images, Tensor classes)
    {
        foreach ((int index, double radius) in options.Radii.Index())
        {
            var curve = new SecurityCurve
            {
                Radii = [radius],
                PredictionAttack = options.PredictionAttack,
                ExplanationAttack = options.Attacks[0],
                Attribution = options.Method,
                Reduction = options.Reduction,
                Similarities = [.. options.Similarities.Take(CurveMeasures)],
            };
            using var generator = new Generator((ulong)SplitMix64.Derive(options.Seed, RadiusPurpose, index), network.Device);
            long done = 0;
            Security.AddRange(curve.Measure(
                network,
                new TensorBatchSource(images, classes),
                batchSize,
                generator,
                count =>
                {
                    clock.Advance($"attacks with {ReportTexts.Budget(options.Attacks[0].ThreatModel.WithRadius(radius))}", count - done);
                    done = count;
                },
                options.CancellationToken));
        }
    }

    private void Collect(
        int start, Tensor images, Tensor probabilities, Tensor map, Tensor attackedImages, Tensor attackedProbabilities, Tensor attackedMap, bool[] valid, double[][] similarities)
    {
        for (int row = 0; row < valid.Length; row++)
        {
            bool usable = valid[row] && !double.IsNaN(similarities[0][row]) && options.ExamplesAtEachEnd > 0;
            bool isSample = sampleRows.Contains(start + row);
            if (!usable && !isSample)
            {
                continue;
            }

            var example = new ReportedExample
            {
                Id = dataset.Ids[start + row],
                Image = Values(images.select(0, row)),
                AttackedImage = Values(attackedImages.select(0, row)),
                Map = Values(map.select(0, row)),
                AttackedMap = Values(attackedMap.select(0, row)),
                Channels = handle.Input.Channels,
                Height = handle.Input.Height,
                Width = handle.Input.Width,
                TrueClass = ClassName(dataset.Classes[start + row]),
                Prediction = Largest(probabilities.select(0, row)),
                AttackedPrediction = Largest(attackedProbabilities.select(0, row)),
                Similarity = options.Similarities[0].HigherIsMoreSimilar ? similarities[0][row] : -similarities[0][row],
                Numbers = [.. options.Similarities.Select((similarity, i) => (similarity.Name, valid[row] ? similarities[i][row] : double.NaN))],
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

    private static float[] Values(Tensor tensor)
    {
        using IDisposable scope = NewDisposeScope();
        return tensor.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    private (string Class, double Probability) Largest(Tensor probabilities)
    {
        float[] values = Values(probabilities);
        int index = Array.IndexOf(values, values.Max());
        return (ClassName(index), values[index]);
    }

    private static Tensor Probabilities(ImageNetwork network, Tensor images)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable mode = no_grad();
        return nn.functional.softmax(network.Logits(images), 1).MoveToOuterDisposeScope();
    }

    private static void Add(CurveTotals totals, PixelCurve curve, ImageNetwork network, Tensor images, Tensor classes, Tensor map, bool[] counted)
    {
        using PixelCurveResult result = curve.Measure(network, images, classes, map);
        double[] values = result.Values.data<double>().ToArray();
        int steps = result.Shares.Count;
        for (int row = 0; row < counted.Length; row++)
        {
            if (counted[row])
            {
                totals.Add(result.Shares, values.AsSpan(row * steps, steps));
            }
        }
    }

    private Tensor MapOf(ImageNetwork network, Tensor images, Tensor classes)
    {
        using IDisposable scope = NewDisposeScope();
        return options.Reduction.Reduce(options.Method.Attribute(network, images, classes)).MoveToOuterDisposeScope();
    }
}
