using System.Text.Json;
using System.Text.Json.Serialization;

namespace RobustAttribution.Serialization;

/// <summary>The cards of model files as JSON: complete, strict, and with errors that name the model file.</summary>
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
