using System.Globalization;
using System.Text;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;

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

    /// <summary>The metrics over the rows of both: the same bits as one evaluation of all of them, in whatever order they are merged.</summary>
    /// <param name="other">Metrics of the same <see cref="SecurityCurve"/>, over other rows.</param>
    /// <exception cref="ArgumentException">It is another; the message names the property and both values.</exception>
    public SecurityCurveMetrics Merge(SecurityCurveMetrics other)
    {
        Require.NotNull(other, nameof(other));
        return new SecurityCurveMetrics(SecurityCurve.Merge(Points, other.Points), SkippedCount + other.SkippedCount);
    }

    /// <summary>A table with one line for each ε.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (SecurityPoint point in Points)
        {
            text.Append(CultureInfo.InvariantCulture, $"ε {point.Radius * 255,5:0.##}/255  accuracy {MetricsText.Of(point.Accuracy)}");
            text.Append(CultureInfo.InvariantCulture, $" {point.AccuracyInterval}");
            foreach (MeanSimilarity similarity in point.Similarities)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {similarity.Similarity.Name} {MetricsText.Of(similarity.Mean)} {similarity.Interval}");
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"  ({point.Valid} of {point.Count} explanations attacked)");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{SkippedCount} rows left out").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(new
    {
        skipped = SkippedCount,
        points = Points.Select(point => new
        {
            radius = point.Radius,
            accuracy = point.Accuracy,
            accuracyInterval = point.AccuracyInterval,
            count = point.Count,
            valid = point.Valid,
            similarities = point.Similarities.Select(entry => new
            {
                name = entry.Similarity.Name,
                mean = entry.Mean,
                standardError = entry.StandardError,
                interval = entry.Interval,
                count = entry.Count,
            }),
        }),
    });
}
