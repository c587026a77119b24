using System.Text.Json;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Training;

/// <summary>What a model file holds of a classifier beside its weights.</summary>
/// <param name="Network">The network's own card, as JSON text.</param>
/// <param name="Images">Where the images are.</param>
/// <param name="ScoreColumnName">The column of probabilities.</param>
/// <param name="PredictedLabelColumnName">The column of predicted labels.</param>
/// <param name="BatchSize">Rows in one computation.</param>
/// <param name="Classes">The class names; null where there are none.</param>
internal sealed record ModelCard(
    JsonElement Network, ImageInput Images, string ScoreColumnName, string PredictedLabelColumnName, int BatchSize, ClassNamesCard? Classes)
{
    /// <summary>The card of a classifier.</summary>
    /// <exception cref="NotSupportedException">The network cannot be described by a card.</exception>
    public static ModelCard Of(NetworkHandle handle, string scoreColumnName, string predictedLabelColumnName) => new(
        JsonSerializer.Deserialize<JsonElement>(NetworkCard.Of(handle.Network).ToJson()),
        handle.Images,
        scoreColumnName,
        predictedLabelColumnName,
        handle.BatchSize,
        handle.ClassNames?.ToCard());
}
