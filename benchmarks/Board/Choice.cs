using System.Text.Json;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>What a candidate's network achieved on validation images.</summary>
/// <param name="Accuracy">Of the validation images.</param>
/// <param name="Intersection">Top-100 intersection of gradient maps under the top-k attack.</param>
/// <param name="Kendall">Kendall's τ of the same.</param>
/// <param name="Insertion">Area under the insertion curve, as a share of the probability of the whole image.</param>
internal sealed record Candidate(JsonElement Objective, double Accuracy, double Intersection, double Kendall, double Insertion)
{
    private const int Explained = 100;

    /// <summary>Measures a network on validation images.</summary>
    public static Candidate Measure(ITrainingObjective objective, ImageNetwork network, ImageSet validation)
    {
        var attack = new TopKAttack { RandomStart = true, Restarts = 2 };
        ImageSet explained = validation.Take(Explained);
        RobustnessRow[] rows = [.. new RobustnessMeasurement { Attacks = [attack] }.Measure(network, explained.Source, Explained).Where(row => row.Valid)];
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        Tensor images = explained.Images.to(ScalarType.Float32) / 255;
        Tensor maps = new SaliencyMap().OfPredicted(network, images).Maps;
        return new Candidate(
            Models.Json(objective),
            Evaluation.Measure(network, validation.Source, 500).Accuracy,
            rows.Average(row => row.Similarities[0]),
            rows.Average(row => row.Similarities[1]),
            Examination.Insertion(network, images, explained.Classes, maps).Average()!.Value);
    }
}
