using System.Text.Json;
using System.Text.Json.Serialization;

namespace RobustAttribution.Metrics;

/// <summary>Writes metrics as JSON; numbers that are not finite, the undefined ones, are null.</summary>
internal static class MetricsJson
{
    private static readonly JsonSerializerOptions Compact = new() { Converters = { new FiniteOrNull(), new Ends() } };
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    /// <summary>The properties of a value, in their order.</summary>
    public static string Write<T>(T value, bool indented = true) => JsonSerializer.Serialize(value, indented ? Indented : Compact);

    /// <summary>[low, high], or null.</summary>
    private sealed class Ends : JsonConverter<ConfidenceInterval>
    {
        public override ConfidenceInterval Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => throw new NotSupportedException("Metrics are written as JSON and not read.");

        public override void Write(Utf8JsonWriter writer, ConfidenceInterval value, JsonSerializerOptions options)
        {
            if (double.IsNaN(value.Low))
            {
                writer.WriteNullValue();
                return;
            }

            writer.WriteStartArray();
            writer.WriteNumberValue(value.Low);
            writer.WriteNumberValue(value.High);
            writer.WriteEndArray();
        }
    }

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
            {
                writer.WriteNumberValue(value);
            }
            else
            {
                writer.WriteNullValue();
            }
        }
    }
}
