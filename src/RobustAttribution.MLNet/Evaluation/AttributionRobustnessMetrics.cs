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
    private readonly MeasuredImages images;
    private readonly MapSample maps;

    private AttributionRobustnessMetrics(
        MeasuredAttack measured,
        Counts counts,
        IReadOnlyDictionary<string, SimilarityStatistics> similarities,
        IReadOnlyList<ControlStatistics> controls,
        MeasuredImages images,
        MapSample maps)
    {
        (this.measured, this.counts, this.images, this.maps, Controls) = (measured, counts, images, maps, controls);
        var others = new Lazy<IReadOnlyList<OtherImages>>(() => maps.Compare([.. similarities.Values.Select(entry => entry.Similarity)]));
        Similarities = measured.OtherImages
            ? SimilarityStatistics.ByColumn(similarities.Values.Select((entry, i) => entry.Beside(() => others.Value[i])))
            : similarities;
    }

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

    /// <summary>The 95 % interval of <see cref="AccuracyBefore"/> over the rows.</summary>
    public ConfidenceInterval AccuracyBeforeInterval => ConfidenceInterval.OfShare(counts.CorrectBefore, counts.Labelled);

    /// <summary>
    /// Share of the labelled rows that were attacked whose label is the one predicted for the attacked copy. From 0 to 1, higher is better; NaN
    /// without labels.
    /// </summary>
    public double AccuracyAfter => (double)counts.CorrectAfter / counts.LabelledAttacked;

    /// <summary>The 95 % interval of <see cref="AccuracyAfter"/> over the rows.</summary>
    public ConfidenceInterval AccuracyAfterInterval => ConfidenceInterval.OfShare(counts.CorrectAfter, counts.LabelledAttacked);

    /// <summary>One entry for each measure, by the name of its column, in the order asked for.</summary>
    public IReadOnlyDictionary<string, SimilarityStatistics> Similarities { get; }

    /// <summary>
    /// One entry for each of <see cref="AttributionRobustnessOptions.Controls"/>: what maps that know nothing of the network get on the same
    /// attacked images.
    /// </summary>
    public IReadOnlyList<ControlStatistics> Controls { get; }

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
        return new AttributionRobustnessMetrics(
            measured,
            counts + other.counts,
            SimilarityStatistics.Merge(Similarities, other.Similarities),
            [.. Controls.Zip(other.Controls, (a, b) => a.Merge(b))],
            images.Merge(other.images),
            maps.Merge(other.maps));
    }

    /// <summary>
    /// How these metrics differ from others over the same images, image by image: the same view scored by two models, say. Images without a valid
    /// attacked copy in one of both are in no difference of similarities.
    /// </summary>
    /// <param name="other">Metrics by the same measures; attack and maps may be others.</param>
    /// <remarks>
    /// Images are known by their content, so that their order and how shards were merged do not matter; those of columns by the order of their rows.
    /// </remarks>
    /// <exception cref="ArgumentException">The images or the measures are not the same; the message says which are not.</exception>
    public AttributionRobustnessComparison Compare(AttributionRobustnessMetrics other)
    {
        RequireSameMeasures(Require.NotNull(other, nameof(other)), "Compared");
        return new AttributionRobustnessComparison([.. Similarities.Values], images.Pair(other.images));
    }

    /// <summary>The spread of each measure's mean over trainings that differ in their seed only, by the name of its column.</summary>
    /// <param name="seeds">At least one; by the same measures.</param>
    /// <exception cref="ArgumentException">There is none, or the measures are not the same.</exception>
    public static IReadOnlyDictionary<string, SeedSpread> Spread(IReadOnlyList<AttributionRobustnessMetrics> seeds)
    {
        if (Require.NotNull(seeds, nameof(seeds)).Count == 0)
        {
            throw new ArgumentException("seeds is empty; at least one metrics object is needed.", nameof(seeds));
        }

        foreach (AttributionRobustnessMetrics other in seeds)
        {
            seeds[0].RequireSameMeasures(other, "Compared");
        }

        return new OrderedDictionary<string, SeedSpread>(seeds[0].Similarities.Keys.Select(
            name => KeyValuePair.Create(name, SeedSpread.Of(seeds.Select(metrics => metrics.Similarities[name].Mean)))));
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
        string[] others = measured.OtherImages ? ["same class", "other class", "lift", "95 % interval"] : [];
        List<string[]> rows = [["", "mean", "std. error", "95 % interval", "rows", .. others, .. names]];
        foreach (SimilarityStatistics entry in Similarities.Values)
        {
            IEnumerable<string> means = perClass ? entry.PerClass.Select(@class => MetricsText.Of(@class.Mean)) : [];
            rows.Add([.. Cells(NameOf(entry.Similarity), entry), .. OtherCells(entry.OtherImages), .. means]);
        }

        foreach (ControlStatistics control in Controls)
        {
            rows.AddRange(control.Similarities.Values.Select(entry => Cells($"{control.Name}: {NameOf(entry.Similarity)}", entry)));
        }

        var text = new StringBuilder(MetricsText.Table(rows));
        text.Append(CultureInfo.InvariantCulture, $"{RowCount} rows attacked: {ValidCount} with a valid copy, {InvalidCount} without");
        text.Append(InvalidCount > 0 ? " (no copy keeps the prediction, or no gradient)" : string.Empty);
        text.Append(CultureInfo.InvariantCulture, $"; the attack improved nothing: {UnchangedCount?.ToString() ?? "unknown"} of {ValidCount}");
        text.AppendLine(LeftOutCount > 0 ? $"; {LeftOutCount} misclassified rows left out" : string.Empty);
        text.Append(CultureInfo.InvariantCulture, $"accuracy before {MetricsText.Of(AccuracyBefore)} {AccuracyBeforeInterval}");
        text.Append(CultureInfo.InvariantCulture, $", after {MetricsText.Of(AccuracyAfter)} {AccuracyAfterInterval}");
        return text.Append(CultureInfo.InvariantCulture, $" ({LabelledCount} rows with label)").ToString();

        static string NameOf(IMapSimilarity similarity)
            => similarity.Name + (similarity.HigherIsMoreSimilar ? string.Empty : " (lower is more similar)");

        static string[] Cells(string name, SimilarityStatistics entry) =>
            [name, MetricsText.Of(entry.Mean), MetricsText.Of(entry.StandardError), entry.Interval.ToString(), entry.Count.ToString()];

        static string[] OtherCells(OtherImages? others) => others is null
            ? []
            :
            [
                MetricsText.Of(others.SameClass.Mean),
                MetricsText.Of(others.OtherClass.Mean),
                MetricsText.Of(others.Lift?.Value ?? double.NaN),
                (others.Lift?.Interval ?? ConfidenceInterval.Undefined).ToString(),
            ];
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
        accuracyBeforeInterval = AccuracyBeforeInterval,
        accuracyAfter = AccuracyAfter,
        accuracyAfterInterval = AccuracyAfterInterval,
        similarities = Similarities.Values.Select(entry => new
        {
            column = entry.ColumnName,
            name = entry.Similarity.Name,
            higherIsMoreSimilar = entry.Similarity.HigherIsMoreSimilar,
            ideal = entry.Similarity.Ideal,
            mean = entry.Mean,
            standardError = entry.StandardError,
            interval = entry.Interval,
            count = entry.Count,
            otherImages = entry.OtherImages is { } others
                ? new { sameClass = Mean(others.SameClass), otherClass = Mean(others.OtherClass), lift = Quotient(others.Lift) }
                : null,
            classes = entry.PerClass.Select(group => new
            {
                @class = group.ClassName,
                mean = group.Mean,
                standardError = group.StandardError,
                interval = group.Interval,
                count = group.Count,
            }),
        }),
        controls = Controls.Select(control => new
        {
            name = control.Name,
            similarities = control.Similarities.Values.Select(entry => new
            {
                column = entry.ColumnName,
                name = entry.Similarity.Name,
                mean = entry.Mean,
                standardError = entry.StandardError,
                interval = entry.Interval,
                count = entry.Count,
            }),
        }),
    });

    /// <summary>Adds up rows, one attack each.</summary>
    /// <param name="rows">The rows, read once.</param>
    /// <param name="classNames">The classes.</param>
    /// <param name="similarities">The measures of the rows.</param>
    /// <param name="measured">What the rows were measured with.</param>
    /// <param name="fromColumns">Whether rows are known by their numbers; else by their content.</param>
    /// <param name="knowsUnchanged">Whether the rows say which attacks improved nothing.</param>
    internal static AttributionRobustnessMetrics Of(
        IEnumerable<RobustnessRow> rows,
        IReadOnlyList<string> classNames,
        IReadOnlyList<SimilarityColumn> similarities,
        MeasuredAttack measured,
        bool fromColumns = false,
        bool knowsUnchanged = true)
    {
        Counts counts = new() { UnchangedUnknown = !knowsUnchanged };
        List<MeasuredImage> images = [];
        List<(long Class, IReadOnlyList<double> Values)>[] controls = [.. measured.Controls.Select(_ => new List<(long, IReadOnlyList<double>)>())];
        var maps = new MapSample.Builder();
        IReadOnlyDictionary<string, SimilarityStatistics> statistics = SimilarityStatistics.Of(similarities, classNames, Compared());
        return new AttributionRobustnessMetrics(
            measured,
            counts,
            statistics,
            [.. measured.Controls.Zip(controls, (method, values) => new ControlStatistics(
                method, SimilarityStatistics.Of(similarities, classNames, values)))],
            new MeasuredImages(!fromColumns, images),
            maps.Build());

        IEnumerable<(long Class, IReadOnlyList<double> Values)> Compared()
        {
            foreach (RobustnessRow row in rows)
            {
                bool attacked = !measured.CorrectlyClassifiedOnly || row.IsCorrect;
                counts += Counts.Of(row, attacked);
                images.Add(new(fromColumns ? (UInt128)row.Image : row.Key, row.Image, AttributionRobustnessComparison.Values(row, attacked)));
                if (attacked && row.Valid)
                {
                    long @class = row.Label >= 0 ? row.Label : row.PredictedBefore;
                    for (int i = 0; i < controls.Length; i++)
                    {
                        controls[i].Add((@class, row.ControlSimilarities[i]));
                    }

                    if (measured.OtherImages)
                    {
                        maps.Add(row, classNames[(int)row.PredictedBefore]);
                    }

                    yield return (@class, row.Similarities);
                }
            }
        }
    }

    private void RequireSameMeasures(AttributionRobustnessMetrics other, string what) => Merging.RequireSame(
        new { Similarities = Columns(this), measured.CorrectlyClassifiedOnly },
        new { Similarities = Columns(other), other.measured.CorrectlyClassifiedOnly },
        what);

    private static SimilarityColumn[] Columns(AttributionRobustnessMetrics metrics)
        => [.. metrics.Similarities.Values.Select(entry => new SimilarityColumn(entry.ColumnName, entry.Similarity))];

    private static object? Quotient(Lift? lift) => lift is null ? null : new { value = lift.Value, interval = lift.Interval, count = lift.Count };

    private static object Mean(MeanSimilarity mean) => new { mean = mean.Mean, interval = mean.Interval, count = mean.Count };

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
