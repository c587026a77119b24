using System.Collections;
using System.Globalization;
using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>
/// The metrics of each fold of a cross-validation; its text has their mean and spread. Made by
/// <c>mlContext.MulticlassClassification.EvaluateAttributionRobustness</c>.
/// </summary>
public sealed class AttributionRobustnessFolds : IReadOnlyList<AttributionRobustnessMetrics>
{
    private readonly IReadOnlyList<AttributionRobustnessMetrics> folds;

    internal AttributionRobustnessFolds(IReadOnlyList<AttributionRobustnessMetrics> folds) => this.folds = folds;

    /// <inheritdoc/>
    public int Count => folds.Count;

    /// <inheritdoc/>
    public AttributionRobustnessMetrics this[int index] => folds[index];

    /// <inheritdoc/>
    public IEnumerator<AttributionRobustnessMetrics> GetEnumerator() => folds.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// A table with one line for each measure and accuracy: mean, standard deviation of the sample, least and largest value of the folds, and the
    /// number of folds that have one.
    /// </summary>
    public override string ToString()
    {
        if (Count == 0)
        {
            return "no folds";
        }

        List<string[]> rows = [["", "mean", "std. dev.", "least", "largest", "folds"]];
        rows.AddRange(AttributionRobustnessMetrics.Spread(folds).Select(pair => Cells(folds[0].Similarities[pair.Key].Similarity.Name, pair.Value)));
        rows.Add(Cells("accuracy before", SeedSpread.Of(folds.Select(fold => fold.AccuracyBefore))));
        rows.Add(Cells("accuracy after", SeedSpread.Of(folds.Select(fold => fold.AccuracyAfter))));
        long attacked = folds.Sum(fold => fold.RowCount), valid = folds.Sum(fold => fold.ValidCount);
        return string.Create(CultureInfo.InvariantCulture, $"{MetricsText.Table(rows)}{attacked} rows attacked: {valid} with a valid copy");
    }

    private static string[] Cells(string name, SeedSpread spread) =>
    [
        name, MetricsText.Of(spread.Mean), MetricsText.Of(spread.StandardDeviation), MetricsText.Of(spread.Minimum), MetricsText.Of(spread.Maximum),
        spread.Count.ToString(CultureInfo.InvariantCulture),
    ];
}
