using System.Text.Json;

namespace RobustAttribution.MLNet;

/// <summary>How metrics are written as JSON.</summary>
internal static class MetricsJson
{
    public static JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };
}
