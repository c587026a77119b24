using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet;
using RobustAttribution.Networks;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>Measures trained networks; what a card has already is not measured again.</summary>
internal sealed class Examination(Models models, Cards cards, FashionMnist data)
{
    public const string RandomOrder = "insertion, random order";
    private const int Curves = 200;
    private static readonly EvaluationProtocol SaliencyMaps = BoardProtocol.All[0].Protocol;
    private static readonly IAttributionMethod[] ControlMaps = [new ConstantMap(), new EdgeMap(), new RandomMap()];

    /// <summary>Adds to an entry's card what it lacks, and saves it after each part.</summary>
    public void Complete(Entry entry, IEnumerable<BoardProtocol> protocols, Action<string> log, CancellationToken cancellation)
    {
        (ImageNetwork network, TrainedEntry training) = models.Load(entry);
        using ImageNetwork owned = network;
        Card card = cards.Find(entry) is { } found && found.Training.WeightsHash == training.WeightsHash ? found : Empty(entry, training);
        if (card.Accuracy is null)
        {
            card = card with { Accuracy = Evaluation.Measure(network, data.Test.Source, 500, cancellation).Accuracy };
            card = card with { Curves = MeasureCurves(network) };
            cards.Save(entry, card);
        }

        if (card.OtherClass.Count == 0)
        {
            card = card with { Curves = new Dictionary<string, double?[]>(card.Curves) { [RandomOrder] = MeasureRandomOrder(network) } };
            card = card with { OtherClass = Compare(network, SaliencyMaps, Curves, (a, b) => a != b) };
            cards.Save(entry, card);
        }

        foreach (BoardProtocol protocol in protocols.Where(protocol => !card.Protocols.ContainsKey(protocol.Key)))
        {
            ProtocolResult result = Measure(network, protocol, cancellation);
            card = card with { Protocols = new Dictionary<string, ProtocolResult>(card.Protocols) { [protocol.Key] = result } };
            cards.Save(entry, card);
            log($"{entry}, {protocol.Key}: {Summary(result)}");
        }
    }

    private static string Summary(ProtocolResult result)
        => string.Join("  ", result.Similarities.Select(pair => $"{pair.Key} {pair.Value.Average():F3}")) + $"  ({result.ProcessorSeconds:F0} s)";

    private static Card Empty(Entry entry, TrainedEntry training) => new()
    {
        Setting = entry.Setting.Name,
        Method = entry.Method.Name,
        Weights = entry.Method.Weights,
        Network = entry.Network.Name,
        Seed = entry.Seed,
        Training = training,
        Versions = string.Join(", ", [.. new[] { typeof(RobustnessReport), typeof(MLContext), typeof(torch) }.Select(Version), $"libtorch {__version__}"]),
    };

    private static string Version(Type type) => $"{type.Assembly.GetName().Name} {type.Assembly.GetName().Version?.ToString(3)}";

    private ProtocolResult Measure(ImageNetwork network, BoardProtocol board, CancellationToken cancellation)
    {
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        EvaluationProtocol protocol = board.Protocol;
        if (board.Ensemble is { } ensemble)
        {
            return Of(ensemble.Measure(network, data.Test.Take(board.Images).Source, board.Batch, 0, cancellation), before, protocol) with
            {
                Others = Compare(network, protocol, board.Images, (a, b) => a == b),
            };
        }

        RobustnessMeasurement measurement = protocol.Measurement with { Controls = board.WithControls ? ControlMaps : [] };
        RobustnessRow[] rows = [.. measurement.Measure(network, data.Test.Take(board.Images).Source, board.Batch, 0, cancellation)];
        return new ProtocolResult(
            Models.Json(protocol.Attack),
            rows.Length,
            rows.Count(protocol.Counts),
            rows.Count(row => protocol.Counts(row) && row.Valid),
            rows.Count(row => protocol.Counts(row) && row.Unchanged),
            SecondsSince(before),
            Values(row => row.Similarities))
        {
            Others = Compare(network, protocol, board.Images, (a, b) => a == b),
            Controls = measurement.Controls.Index().ToDictionary(
                control => control.Item.GetType().Name, control => Values(row => row.ControlSimilarities[control.Index])),
        };

        Dictionary<string, double?[]> Values(Func<RobustnessRow, IReadOnlyList<double>> values) => protocol.Similarities.Index().ToDictionary(
            measure => measure.Item.Name,
            measure => Array.ConvertAll(rows, row => protocol.Counts(row) ? Known(values(row)[measure.Index]) : null));
    }

    private static ProtocolResult Of(WorstCaseMetrics metrics, TimeSpan before, EvaluationProtocol protocol) => new(
        Models.Json(protocol.Attack),
        metrics.Rows.Count,
        metrics.Rows.Count,
        metrics.ValidCount,
        metrics.Rows.Count(row => row.Unchanged),
        SecondsSince(before),
        metrics.Measures.ToDictionary(measure => measure.Similarity.Name, measure => measure.Values.Select(Known).ToArray()))
    {
        Alone = metrics.Measures[0].ByAttack.ToDictionary(alone => alone.Attack, alone => Known(alone.Mean)),
        Restarts = [.. metrics.Measures[0].ByRestart.Select(Known)],
        Findings = [.. metrics.Findings.Select(finding => finding.ToString())],
    };

    private static double SecondsSince(TimeSpan before) => Math.Round((Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds, 1);

    /// <summary>The similarity of each image's map to that of the next image whose predicted class is a partner of its own.</summary>
    private Dictionary<string, double?[]> Compare(ImageNetwork network, EvaluationProtocol protocol, int count, Func<long, long, bool> arePartners)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        Tensor images = data.Test.Take(count).Images.to(ScalarType.Float32) / 255;
        (Tensor maps, Tensor logits) = protocol.Map.OfPredicted(network, images);
        long[] predicted = logits.argmax(1).data<long>().ToArray();
        long[] partners = [.. Enumerable.Range(0, count).Select(image => Partner(image))];
        Tensor partnerMaps = maps.index_select(0, tensor(partners));
        return protocol.Similarities.ToDictionary(
            similarity => similarity.Name,
            similarity => similarity.Compare(maps, partnerMaps).data<double>().ToArray().Select((value, i) => partners[i] == i ? null : Known(value)).ToArray());

        long Partner(int image) => Enumerable.Range(1, count - 1).Select(step => (image + step) % count)
            .FirstOrDefault(other => arePartners(predicted[other], predicted[image]), image);
    }

    /// <summary>Insertion by the map of the image, and by that of the image under the top-k attack.</summary>
    private Dictionary<string, double?[]> MeasureCurves(ImageNetwork network)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        using var generator = new Generator(0, CPU);
        ImageSet explained = data.Test.Take(Curves);
        Tensor images = explained.Images.to(ScalarType.Float32) / 255;
        Tensor predicted = network.Logits(images).argmax(1);
        using AttackResult attacked = new TopKAttack().Perturb(network, images, predicted, generator);
        var saliency = new SaliencyMap();
        return new()
        {
            ["insertion"] = Insertion(network, images, explained.Classes, saliency.Of(network, images, predicted)),
            ["adversarial insertion"] = Insertion(network, images, explained.Classes, saliency.Of(network, attacked.Images, predicted)),
        };
    }

    /// <summary>Insertion in an order that knows nothing: what a map must be above on this network.</summary>
    private double?[] MeasureRandomOrder(ImageNetwork network)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        using var generator = new Generator(0, CPU);
        ImageSet explained = data.Test.Take(Curves);
        Tensor images = explained.Images.to(ScalarType.Float32) / 255;
        return Insertion(network, images, explained.Classes, rand([Curves, images.shape[2], images.shape[3]], generator: generator));
    }

    /// <summary>The area under each image's insertion curve, as a share of the mean probability of the whole images.</summary>
    public static double?[] Insertion(ImageNetwork network, Tensor images, Tensor classes, Tensor maps)
    {
        using PixelCurveResult curve = new InsertionCurve().Measure(network, images, classes, maps);
        double whole = curve.Values.select(1, -1).mean().item<double>();
        return Array.ConvertAll(curve.Areas.data<double>().ToArray(), area => Known(area / whole));
    }

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}
