using System.Text.Json;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Networks;
using RobustAttribution.Objectives;
using RobustAttribution.Serialization;
using RobustAttribution.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace RobustAttribution.Benchmarks;

/// <summary>How the weights of a method were chosen on one network.</summary>
/// <param name="Plain">What plain training achieved.</param>
/// <param name="Candidates">What each candidate achieved.</param>
internal sealed record Choice(Candidate Plain, IReadOnlyList<Candidate> Candidates)
{
    private const double MostAccuracyLost = 0.03;

    /// <summary>
    /// The candidate with the largest lift, of those whose maps are not alike, within 3 points of plain training's accuracy and not below its insertion. Where
    /// there is none, insertion does not count; where there still is none, the most accurate.
    /// </summary>
    public Candidate Taken
    {
        get
        {
            Candidate[] allowed = [.. Candidates.Where(candidate => !candidate.AreMapsAlike && candidate.Accuracy >= Plain.Accuracy - MostAccuracyLost)];
            return allowed.Where(candidate => candidate.Insertion >= Plain.Insertion).MaxBy(candidate => candidate.Lift)
                ?? allowed.MaxBy(candidate => candidate.Lift)
                ?? Candidates.MaxBy(candidate => candidate.Accuracy)!;
        }
    }
}

/// <summary>The choices that were made, one file for each method and network.</summary>
/// <param name="folder">Where they are kept.</param>
internal sealed class Choices(string folder)
{
    private const int Seed = 11; // of no model on the board

    /// <summary>What an entry is trained with; chosen now where it was not before.</summary>
    public ITrainingObjective ObjectiveOf(Entry entry, FashionMnist data, Action<string> log, CancellationToken cancellation)
        => entry.Method.Objective ?? ComponentJson.Read<ITrainingObjective>((Find(entry) ?? Choose(entry, data, log, cancellation)).Taken.Objective.GetRawText());

    /// <summary>Measures all candidates, and keeps what they achieved.</summary>
    public Choice Choose(Entry entry, FashionMnist data, Action<string> log, CancellationToken cancellation)
    {
        Candidate[] measured = [.. entry.Method.Candidates.Prepend(new CrossEntropy()).Select(objective =>
        {
            using ImageNetwork network = Models.Trained(entry with { Seed = Seed }, objective, data, cancellation);
            Candidate candidate = Candidate.Measure(objective, network, data.Validation);
            log($"{entry}: {candidate}");
            return candidate;
        })];
        var choice = new Choice(measured[0], measured[1..]);
        Directory.CreateDirectory(folder);
        File.WriteAllText(PathOf(entry), JsonSerializer.Serialize(choice, Models.Format) + "\n");
        return choice;
    }

    private Choice? Find(Entry entry) => File.Exists(PathOf(entry)) ? JsonSerializer.Deserialize<Choice>(File.ReadAllText(PathOf(entry)), Models.Format) : null;

    private string PathOf(Entry entry) => Path.Combine(folder, $"{entry.Setting.Name}-{entry.Method.Name}-{entry.Network.Name}.json");
}

/// <summary>What a candidate's network achieved on validation images.</summary>
/// <param name="Accuracy">Of the validation images.</param>
/// <param name="Intersection">Mean top-100 intersection of gradient maps in the worst case.</param>
/// <param name="Kendall">Mean Kendall's τ of the same.</param>
/// <param name="Lift">Lift of the top-100 intersection: what an attacked map keeps beyond what maps of other images share.</param>
/// <param name="OtherClass">Mean top-100 intersection of maps of images of other classes: what of a map says nothing of its image.</param>
/// <param name="Insertion">Area under the insertion curve, as a share of the probability of the whole image.</param>
/// <param name="AreMapsAlike">Whether the worst case has the finding <see cref="EvaluationConcern.ConstantMaps"/>.</param>
internal sealed record Candidate(
    JsonElement Objective, double Accuracy, double Intersection, double Kendall, double Lift, double OtherClass, double Insertion, bool AreMapsAlike)
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
            Examination.Insertion(network, images, explained.Classes, maps).Average()!.Value,
            worst.Findings.Any(finding => finding.Concern == EvaluationConcern.ConstantMaps));

        static double Mean(WorstCaseMetrics worst, int measure) => worst.Measures[measure].Values.Where(double.IsFinite).Average();
    }
}
