using System.Text.Json;
using System.Text.Json.Serialization;
using RobustAttribution.MLNet.Columns;
using RobustAttribution.MLNet.Scoring;
using RobustAttribution.Networks;

namespace RobustAttribution.MLNet.Training;

/// <summary>What a model file says about a classifier beside its weights.</summary>
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

/// <summary>Cards as JSON, with errors of a damaged model file.</summary>
internal static class CardJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Converters = { new JsonStringEnumConverter() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static string Write<T>(T card) => JsonSerializer.Serialize(card, Options);

    /// <exception cref="FormatException">The text is not such a card.</exception>
    public static T Read<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new FormatException($"The model file has no {typeof(T).Name}.");
        }
        catch (JsonException error)
        {
            throw new FormatException($"The model file holds no readable {typeof(T).Name}: {error.Message}", error);
        }
    }
}
