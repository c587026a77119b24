using System.Text.Json;
using System.Text.Json.Nodes;
using RobustAttribution.Serialization;

namespace RobustAttribution.Examples.TrainRobustClassifier;

/// <summary>What metrics.json says.</summary>
internal sealed record Summary(IReadOnlyList<ModelSummary> Models, long Seed, int Images, int TestImages, int Epochs, int BatchSize, double LearningRate)
{
    public static JsonSerializerOptions Format { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static Summary Of(DemoOptions options, IReadOnlyList<Outcome> outcomes) => new(
        [.. outcomes.Select(outcome => new ModelSummary(
            outcome.Contestant.Name,
            outcome.Contestant.Network,
            JsonNode.Parse(ComponentJson.Write(outcome.Contestant.Objective))!,
            outcome.Accuracy,
            outcome.TopKIntersection,
            outcome.KendallTau,
            outcome.TargetMapPearson,
            outcome.TrainingTime.TotalSeconds))],
        options.Seed,
        options.Images,
        options.TestImages,
        options.Epochs,
        options.BatchSize,
        options.LearningRate);
}

/// <summary>The numbers of one model.</summary>
internal sealed record ModelSummary(
    string Name, string Network, JsonNode Objective, double Accuracy, double TopKIntersection, double KendallTau, double TargetMapPearson, double TrainSeconds);
