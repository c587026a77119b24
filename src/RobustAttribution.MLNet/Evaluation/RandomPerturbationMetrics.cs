using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RobustAttribution.MLNet;

/// <summary>How similar maps stay when their images are disturbed at random, over a set of images. Immutable.</summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.EvaluateRandomPerturbation</c>.</remarks>
public sealed class RandomPerturbationMetrics
{
    internal RandomPerturbationMetrics(long rowCount, IReadOnlyDictionary<string, SimilarityStatistics> similarities)
    {
        RowCount = rowCount;
        Similarities = similarities;
    }

    /// <summary>Rows seen.</summary>
    public long RowCount { get; }

    /// <summary>One entry for each measure, by the name of its column, in the order asked for. Classes are the predicted ones.</summary>
    public IReadOnlyDictionary<string, SimilarityStatistics> Similarities { get; }

    /// <summary>A table with one line for each measure.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (SimilarityStatistics entry in Similarities.Values)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{entry.Similarity.Name,-28} {entry.Mean:F4} ± {entry.StandardError:F4}  ({entry.Count} images, ideal {entry.Similarity.Ideal})");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{RowCount} images").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            rows = RowCount,
            similarities = Similarities.Values.Select(entry => new
            {
                column = entry.ColumnName,
                name = entry.Similarity.Name,
                mean = double.IsFinite(entry.Mean) ? entry.Mean : (double?)null,
                standardError = double.IsFinite(entry.StandardError) ? entry.StandardError : (double?)null,
                count = entry.Count,
            }),
        },
        MetricsJson.Indented);
}
