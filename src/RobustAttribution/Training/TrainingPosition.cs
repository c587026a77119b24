using System.Text.Json;
using System.Text.Json.Serialization;

namespace RobustAttribution.Training;

/// <summary>The part of a training's state that is no tensor.</summary>
/// <param name="Epoch">Epochs done.</param>
/// <param name="Step">Steps done in the running epoch.</param>
/// <param name="Images">Images in the running epoch's sums.</param>
/// <param name="TermNames">Names of the loss terms in those sums.</param>
/// <param name="BestValue">See <see cref="BestEpoch.Value"/>.</param>
/// <param name="BestEpoch">The epoch, from 1, of the best weights; 0 where none are kept.</param>
/// <param name="EpochsWithoutImprovement">See <see cref="Training.BestEpoch.EpochsWithoutImprovement"/>.</param>
/// <param name="OptimizerSteps">See <see cref="OptimizerState.Steps"/>.</param>
/// <param name="History">One entry for each epoch done.</param>
internal sealed record TrainingPosition(
    int Epoch,
    int Step,
    [property: JsonPropertyName("Pictures")] long Images,
    IReadOnlyList<string> TermNames,
    double BestValue,
    int BestEpoch,
    int EpochsWithoutImprovement,
    IReadOnlyList<long> OptimizerSteps,
    IReadOnlyList<EpochProgress> History)
{
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static TrainingPosition FromJson(string json)
        => JsonSerializer.Deserialize<TrainingPosition>(json, Json) ?? throw new JsonException("The position is null.");
}
