using System.Globalization;
using System.Text;
using System.Text.Json;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>Accuracy and explanations as the attacker's budget ε grows, over a set of images. Immutable.</summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.EvaluateSecurityCurve</c>.</remarks>
public sealed class SecurityCurveMetrics
{
    internal SecurityCurveMetrics(IReadOnlyList<SecurityPoint> points, long skippedCount)
    {
        Points = points;
        SkippedCount = skippedCount;
    }

    /// <summary>One point for each ε, in the order asked for.</summary>
    public IReadOnlyList<SecurityPoint> Points { get; }

    /// <summary>Rows left out because their label or image is missing.</summary>
    public long SkippedCount { get; }

    /// <summary>A table with one line for each ε.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (SecurityPoint point in Points)
        {
            text.Append(CultureInfo.InvariantCulture, $"ε {point.Radius * 255,5:0.##}/255  accuracy {point.Accuracy:F4}");
            foreach (MeanSimilarity similarity in point.Similarities)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {similarity.Similarity.Name} {similarity.Mean:F4}");
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"  ({point.Valid} of {point.Count} explanations attacked)");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{SkippedCount} rows left out").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            skipped = SkippedCount,
            points = Points.Select(point => new
            {
                radius = point.Radius,
                accuracy = point.Accuracy,
                count = point.Count,
                valid = point.Valid,
                similarities = point.Similarities.Select(entry => new
                {
                    name = entry.Similarity.Name,
                    mean = double.IsFinite(entry.Mean) ? entry.Mean : (double?)null,
                    standardError = double.IsFinite(entry.StandardError) ? entry.StandardError : (double?)null,
                    count = entry.Count,
                }),
            }),
        },
        MetricsJson.Indented);
}
