using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;

namespace RobustAttribution.MLNet;

/// <summary>How the robustness of one model's maps differs from that of another on the same images. Immutable.</summary>
/// <remarks>Made by <see cref="AttributionRobustnessMetrics.Compare"/>. Differences are first − second.</remarks>
public sealed class AttributionRobustnessComparison
{
    private readonly IReadOnlyList<SimilarityStatistics> measures;

    internal AttributionRobustnessComparison(
        IReadOnlyList<SimilarityStatistics> measures, IReadOnlyList<(double[] First, double[] Second)> images)
    {
        this.measures = measures;
        RowCount = images.Count;
        Similarities = new OrderedDictionary<string, PairedDifference>(
            measures.Select((measure, i) => KeyValuePair.Create(measure.ColumnName, Difference(i))));
        AccuracyBefore = Difference(measures.Count);
        AccuracyAfter = Difference(measures.Count + 1);

        PairedDifference Difference(int place)
            => PairedDifference.Of([.. images.Select(image => image.First[place])], [.. images.Select(image => image.Second[place])]);
    }

    /// <summary>Images that both metrics are over, whether or not they count.</summary>
    public long RowCount { get; }

    /// <summary>The difference of each measure, by the name of its column, over the images that have a valid attacked copy for both.</summary>
    public IReadOnlyDictionary<string, PairedDifference> Similarities { get; }

    /// <summary>The difference of the accuracies before the attack; without images where labels are missing.</summary>
    public PairedDifference AccuracyBefore { get; }

    /// <summary>The difference of the accuracies after the attack, over the labelled images attacked for both.</summary>
    public PairedDifference AccuracyAfter { get; }

    /// <summary>A table with one line for each measure and accuracy, which says whose maps an interval that excludes 0 favours.</summary>
    public override string ToString()
    {
        List<string[]> rows = [["first − second", "difference", "95 % interval", "images", "beyond 0"]];
        rows.AddRange(measures.Select(measure => Row(
            measure.Similarity.Name, Similarities[measure.ColumnName], measure.Similarity.HigherIsMoreSimilar)));
        rows.Add(Row("accuracy before", AccuracyBefore, higherIsBetter: true));
        rows.Add(Row("accuracy after", AccuracyAfter, higherIsBetter: true));
        return MetricsText.Table(rows).TrimEnd();

        static string[] Row(string name, PairedDifference difference, bool higherIsBetter) =>
        [
            name,
            MetricsText.Of(difference.Mean),
            difference.Interval.ToString(),
            difference.Count.ToString(),
            !difference.IsBeyondZero ? "no" : difference.Mean > 0 == higherIsBetter ? "first is better" : "second is better",
        ];
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(new
    {
        rows = RowCount,
        similarities = Similarities.ToDictionary(entry => entry.Key, entry => Number(entry.Value)),
        accuracyBefore = Number(AccuracyBefore),
        accuracyAfter = Number(AccuracyAfter),
    });

    /// <summary>
    /// What is compared of a row: the similarities, and whether the prediction is right before and after; NaN where it does not count.
    /// </summary>
    internal static double[] Values(RobustnessRow row, bool attacked) =>
    [
        .. row.Similarities.Select(value => attacked && row.Valid ? value : double.NaN),
        row.Label < 0 ? double.NaN : row.IsCorrect ? 1 : 0,
        row.Label < 0 || !attacked ? double.NaN : row.PredictedAfter == row.Label ? 1 : 0,
    ];

    private static object Number(PairedDifference difference) => new
    {
        difference = difference.Mean, interval = difference.Interval, count = difference.Count, beyondZero = difference.IsBeyondZero,
    };
}
