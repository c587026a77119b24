using System.Globalization;
using System.Text;
using RobustAttribution.MLNet.Drawing;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet;

/// <summary>What attacks on the explanations of a classifier achieved on a set of images. Immutable.</summary>
/// <remarks>
/// Made by <c>mlContext.MulticlassClassification.EvaluateAttributionRobustness</c>. Rows without a valid attacked copy are counted, never silently
/// dropped.
/// </remarks>
public sealed class AttributionRobustnessMetrics
{
    private readonly MeasuredAttack measured;
    private readonly Counts counts;

    private AttributionRobustnessMetrics(MeasuredAttack measured, Counts counts, IReadOnlyDictionary<string, SimilarityStatistics> similarities)
        => (this.measured, this.counts, Similarities) = (measured, counts, similarities);

    /// <summary>Rows attacked.</summary>
    public long RowCount => counts.Attacked;

    /// <summary>
    /// Rows for which the attack found a valid copy, for most attacks one with the same predicted label. The similarities are means over these.
    /// </summary>
    public long ValidCount => counts.Valid;

    /// <summary>Rows for which it found none: the attack failed on them.</summary>
    public long InvalidCount => RowCount - ValidCount;

    /// <summary>
    /// Valid rows whose attack improved nothing: the attacked copy is the image itself, or the random draw that a walk began at. Their similarity
    /// shows no defence that held. Null for columns without <see cref="AttributionRobustnessColumns.UnchangedColumnName"/>.
    /// </summary>
    public long? UnchangedCount => counts.UnchangedUnknown ? null : counts.Unchanged;

    /// <summary>Rows that were not counted as attacked because only correctly classified ones were asked for.</summary>
    public long LeftOutCount => counts.LeftOut;

    /// <summary>Rows with a label, among those attacked and those left out.</summary>
    public long LabelledCount => counts.Labelled;

    /// <summary>Share of the labelled rows whose label is the predicted one. From 0 to 1, higher is better; NaN without labels.</summary>
    public double AccuracyBefore => (double)counts.CorrectBefore / counts.Labelled;

    /// <summary>
    /// Share of the labelled rows that were attacked whose label is the one predicted for the attacked copy. From 0 to 1, higher is better; NaN
    /// without labels.
    /// </summary>
    public double AccuracyAfter => (double)counts.CorrectAfter / counts.LabelledAttacked;

    /// <summary>One entry for each measure, by the name of its column, in the order asked for.</summary>
    public IReadOnlyDictionary<string, SimilarityStatistics> Similarities { get; }

    /// <summary>The entry of the first measure of a type.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that type.</exception>
    public SimilarityStatistics Of<T>()
        where T : IMapSimilarity
        => Similarities.Values.FirstOrDefault(entry => entry.Similarity is T)
            ?? throw new KeyNotFoundException(
                $"There is no {typeof(T).Name}; there are {string.Join(", ", Similarities.Values.Select(entry => entry.Similarity.Name))}.");

    /// <summary>The metrics over the rows of both: the same bits as one evaluation of all of them, in whatever order they are merged.</summary>
    /// <param name="other">Metrics of the same attack, maps, measures and classes, over other rows.</param>
    /// <remarks>The attack and the maps behind the columns of <see cref="AttributionRobustnessColumns"/> are not known, and not compared.</remarks>
    /// <exception cref="ArgumentException">One of them is another; the message names the property and both values.</exception>
    public AttributionRobustnessMetrics Merge(AttributionRobustnessMetrics other)
    {
        Merging.RequireSame(measured, Require.NotNull(other, nameof(other)).measured);
        return new AttributionRobustnessMetrics(measured, counts + other.counts, SimilarityStatistics.Merge(Similarities, other.Similarities));
    }

    /// <summary>A table with one line for each measure, and the counts.</summary>
    public override string ToString() => GetFormattedTable(perClass: false);

    /// <summary>A table with one line for each measure and, if wanted, one column for each class.</summary>
    /// <param name="perClass">Whether to add the classes' means.</param>
    public string GetFormattedTable(bool perClass = true)
    {
        IEnumerable<string> names = perClass
            ? Similarities.Values.Take(1).SelectMany(entry => entry.PerClass).Select(entry => VisibleText.Of(entry.ClassName))
            : [];
        List<string[]> rows = [["", "mean", "std. error", "rows", .. names]];
        foreach (SimilarityStatistics entry in Similarities.Values)
        {
            string name = entry.Similarity.Name + (entry.Similarity.HigherIsMoreSimilar ? string.Empty : " (lower is more similar)");
            IEnumerable<string> means = perClass ? entry.PerClass.Select(@class => MetricsText.Of(@class.Mean)) : [];
            rows.Add([name, MetricsText.Of(entry.Mean), MetricsText.Of(entry.StandardError), entry.Count.ToString(), .. means]);
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        foreach (string[] row in rows)
        {
            text.AppendJoin("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column])));
            text.AppendLine();
        }

        text.Append(CultureInfo.InvariantCulture, $"{RowCount} rows attacked: {ValidCount} with a valid copy, {InvalidCount} without");
        text.Append(InvalidCount > 0 ? " (no copy keeps the prediction, or no gradient)" : string.Empty);
        text.Append(CultureInfo.InvariantCulture, $"; the attack improved nothing: {UnchangedCount?.ToString() ?? "unknown"} of {ValidCount}");
        text.AppendLine(LeftOutCount > 0 ? $"; {LeftOutCount} misclassified rows left out" : string.Empty);
        text.Append(CultureInfo.InvariantCulture, $"accuracy before {MetricsText.Of(AccuracyBefore)}, after {MetricsText.Of(AccuracyAfter)}");
        return text.Append(CultureInfo.InvariantCulture, $" ({LabelledCount} rows with label)").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(new
    {
        rows = RowCount,
        valid = ValidCount,
        invalid = InvalidCount,
        unchanged = UnchangedCount,
        leftOut = LeftOutCount,
        labelled = LabelledCount,
        accuracyBefore = AccuracyBefore,
        accuracyAfter = AccuracyAfter,
        similarities = Similarities.Values.Select(entry => new
        {
            column = entry.ColumnName,
            name = entry.Similarity.Name,
            higherIsMoreSimilar = entry.Similarity.HigherIsMoreSimilar,
            ideal = entry.Similarity.Ideal,
            mean = entry.Mean,
            standardError = entry.StandardError,
            count = entry.Count,
            classes = entry.PerClass.Select(group => new
            {
                @class = group.ClassName,
                mean = group.Mean,
                standardError = group.StandardError,
                count = group.Count,
            }),
        }),
    });

    /// <summary>Adds up rows, one attack each.</summary>
    /// <param name="rows">The rows, read once.</param>
    /// <param name="classNames">The classes.</param>
    /// <param name="similarities">The measures of the rows.</param>
    /// <param name="measured">What the rows were measured with.</param>
    /// <param name="knowsUnchanged">Whether the rows say which attacks improved nothing.</param>
    internal static AttributionRobustnessMetrics Of(
        IEnumerable<RobustnessRow> rows,
        IReadOnlyList<string> classNames,
        IReadOnlyList<SimilarityColumn> similarities,
        MeasuredAttack measured,
        bool knowsUnchanged = true)
    {
        Counts counts = new() { UnchangedUnknown = !knowsUnchanged };
        IReadOnlyDictionary<string, SimilarityStatistics> statistics = SimilarityStatistics.Of(similarities, classNames, Compared());
        return new AttributionRobustnessMetrics(measured, counts, statistics);

        IEnumerable<(long Class, IReadOnlyList<double> Values)> Compared()
        {
            foreach (RobustnessRow row in rows)
            {
                bool attacked = !measured.CorrectlyClassifiedOnly || row.IsCorrect;
                counts += Counts.Of(row, attacked);
                if (attacked && row.Valid)
                {
                    yield return (row.Label >= 0 ? row.Label : row.PredictedBefore, row.Similarities);
                }
            }
        }
    }

    private readonly record struct Counts(
        long Attacked, long Valid, long Unchanged, long LeftOut, long Labelled, long LabelledAttacked, long CorrectBefore, long CorrectAfter)
    {
        public bool UnchangedUnknown { get; init; }

        public static Counts operator +(Counts a, Counts b) => new(
            a.Attacked + b.Attacked,
            a.Valid + b.Valid,
            a.Unchanged + b.Unchanged,
            a.LeftOut + b.LeftOut,
            a.Labelled + b.Labelled,
            a.LabelledAttacked + b.LabelledAttacked,
            a.CorrectBefore + b.CorrectBefore,
            a.CorrectAfter + b.CorrectAfter)
        {
            UnchangedUnknown = a.UnchangedUnknown || b.UnchangedUnknown,
        };

        public static Counts Of(RobustnessRow row, bool attacked)
        {
            bool labelled = row.Label >= 0;
            return new(
                One(attacked),
                One(attacked && row.Valid),
                One(attacked && row.Unchanged),
                One(!attacked),
                One(labelled),
                One(labelled && attacked),
                One(row.IsCorrect),
                One(labelled && attacked && row.PredictedAfter == row.Label));
        }

        private static long One(bool flag) => flag ? 1 : 0;
    }
}
