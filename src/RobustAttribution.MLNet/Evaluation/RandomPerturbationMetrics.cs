using System.Globalization;
using System.Text;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;

namespace RobustAttribution.MLNet;

/// <summary>How similar maps stay when their images are disturbed at random, over a set of images. Immutable.</summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.EvaluateRandomPerturbation</c>.</remarks>
public sealed class RandomPerturbationMetrics
{
    private readonly object measured;

    private RandomPerturbationMetrics(object measured, long rowCount, IReadOnlyDictionary<string, SimilarityStatistics> similarities)
    {
        this.measured = measured;
        RowCount = rowCount;
        Similarities = similarities;
    }

    /// <summary>Rows read.</summary>
    public long RowCount { get; }

    /// <summary>One entry for each measure, by the name of its column, in the order asked for. Classes are the predicted ones.</summary>
    public IReadOnlyDictionary<string, SimilarityStatistics> Similarities { get; }

    /// <summary>The metrics over the rows of both: the same bits as one evaluation of all of them, in whatever order they are merged.</summary>
    /// <param name="other">Metrics of the same perturbations, maps, measures and classes, over other rows.</param>
    /// <exception cref="ArgumentException">One of them is another; the message names the property and both values.</exception>
    public RandomPerturbationMetrics Merge(RandomPerturbationMetrics other)
    {
        Merging.RequireSame(measured, Require.NotNull(other, nameof(other)).measured);
        return new RandomPerturbationMetrics(
            measured, RowCount + other.RowCount, SimilarityStatistics.Merge(Similarities, other.Similarities));
    }

    /// <summary>A table with one line for each measure.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (SimilarityStatistics entry in Similarities.Values)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{entry.Similarity.Name,-28} {MetricsText.Of(entry.Mean)} ± {MetricsText.Of(entry.StandardError)} {entry.Interval}"
                + $"  ({entry.Count} images, ideal {entry.Similarity.Ideal.ToString(CultureInfo.InvariantCulture)})");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{RowCount} images").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(new
    {
        rows = RowCount,
        similarities = Similarities.Values.Select(entry => new
        {
            column = entry.ColumnName,
            name = entry.Similarity.Name,
            mean = entry.Mean,
            standardError = entry.StandardError,
            interval = entry.Interval,
            count = entry.Count,
        }),
    });

    /// <summary>Adds up batches.</summary>
    /// <param name="batches">The rows of each batch, one for each image and draw; read once.</param>
    /// <param name="classNames">The classes.</param>
    /// <param name="options">What the rows were measured with.</param>
    internal static RandomPerturbationMetrics Of(
        IEnumerable<IReadOnlyList<RobustnessRow>> batches, IReadOnlyList<string> classNames, RandomPerturbationEstimator.Options options)
    {
        long count = 0;
        IReadOnlyDictionary<string, SimilarityStatistics> statistics = SimilarityStatistics.Of(options.Similarities, classNames, Images());
        return new RandomPerturbationMetrics(new { options.ThreatModel, options.Draws, options.Method, options.Reduction }, count, statistics);

        IEnumerable<(long Class, IReadOnlyList<double> Values)> Images()
        {
            foreach (IReadOnlyList<RobustnessRow> batch in batches)
            {
                foreach (IGrouping<long, RobustnessRow> draws in batch.GroupBy(row => row.Image))
                {
                    count++;
                    yield return (draws.First().PredictedBefore, RobustnessRow.MeanSimilarities([.. draws]));
                }
            }
        }
    }
}
