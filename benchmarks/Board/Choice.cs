using System.Text.Json;
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
/// <param name="Intersection">Mean top-100 intersection of gradient maps in the worst case.</param>
/// <param name="Kendall">Mean Kendall's τ of the same.</param>
/// <param name="Lift">Lift of the top-100 intersection: what an attacked map keeps beyond what maps of other images share.</param>
/// <param name="OtherClass">Mean top-100 intersection of maps of images of other classes: what of a map says nothing of its image.</param>
/// <param name="Insertion">Area under the insertion curve, as a share of the probability of the whole image.</param>
internal sealed record Candidate(JsonElement Objective, double Accuracy, double Intersection, double Kendall, double Lift, double OtherClass, double Insertion)
{
    private const int Explained = 100;

    /// <summary>Measures a network on validation images.</summary>
    public static Candidate Measure(ITrainingObjective objective, ImageNetwork network, ImageSet validation)
    {
        ImageSet explained = validation.Take(Explained);
        WorstCaseMetrics worst = new WorstCaseEvaluation().Measure(network, explained.Source, Explained);
        using IDisposable scope = NewDisposeScope();
        using IDisposable inspection = network.ForInspection();
        Tensor images = explained.Images.to(ScalarType.Float32) / 255;
        Tensor maps = new SaliencyMap().OfPredicted(network, images).Maps;
        return new Candidate(
            Models.Json(objective),
            Evaluation.Measure(network, validation.Source, 500).Accuracy,
            Mean(worst, 0),
            Mean(worst, 1),
            worst.Measures[0].Others!.Lift!.Value,
            worst.Measures[0].Others!.OtherClass.Mean,
            Examination.Insertion(network, images, explained.Classes, maps).Average()!.Value);

        static double Mean(WorstCaseMetrics worst, int measure) => worst.Measures[measure].Values.Where(double.IsFinite).Average();
    }
}
