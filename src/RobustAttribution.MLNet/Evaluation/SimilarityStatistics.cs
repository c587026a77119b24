using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet;

/// <summary>How similar the maps before and after an attack are, by one measure. Immutable.</summary>
public sealed record SimilarityStatistics
{
    private readonly SampleValues sample;
    private Func<OtherImages>? otherImages;

    internal SimilarityStatistics(SimilarityColumn column, SampleValues sample, IReadOnlyList<ClassStatistics> perClass)
        => (ColumnName, Similarity, this.sample, PerClass) = (column.ColumnName, column.Similarity, sample, perClass);

    /// <summary>The column with the row's values.</summary>
    public string ColumnName { get; }

    /// <summary>The measure; has its direction and ideal value.</summary>
    public IMapSimilarity Similarity { get; }

    /// <summary>Mean over the rows counted; NaN without any.</summary>
    public double Mean => sample.Mean;

    /// <summary>Standard deviation over √n; NaN for fewer than two rows.</summary>
    public double StandardError => sample.StandardError;

    /// <summary>The 95 % bootstrap interval of the mean over images; undefined for fewer than two rows.</summary>
    public ConfidenceInterval Interval => sample.Interval;

    /// <summary>Rows counted: those with a valid attacked copy for which the measure is defined.</summary>
    public long Count => sample.Count;

    /// <summary>The same for each class, in the order of the classes.</summary>
    public IReadOnlyList<ClassStatistics> PerClass { get; }

    /// <summary>
    /// How similar maps of different images are, and the lift over it; null where it was not measured, as for columns. Computed when first asked
    /// for.
    /// </summary>
    public OtherImages? OtherImages => otherImages?.Invoke();

    /// <summary>The same statistics beside those of other images.</summary>
    internal SimilarityStatistics Beside(Func<OtherImages> otherImages) => new(Column, sample, PerClass) { otherImages = otherImages };

    /// <summary>The statistics of rows by measure and class.</summary>
    /// <param name="columns">The measures.</param>
    /// <param name="classNames">The classes.</param>
    /// <param name="rows">The class of each row, −1 for none, and its values; a NaN is not counted.</param>
    internal static IReadOnlyDictionary<string, SimilarityStatistics> Of(
        IReadOnlyList<SimilarityColumn> columns, IReadOnlyList<string> classNames, IEnumerable<(long Class, IReadOnlyList<double> Values)> rows)
    {
        List<double>[] all = [.. columns.Select(_ => new List<double>())];
        List<double>[][] perClass = [.. columns.Select(_ => classNames.Select(_ => new List<double>()).ToArray())];
        foreach ((long @class, IReadOnlyList<double> values) in rows)
        {
            for (int i = 0; i < all.Length; i++)
            {
                if (!double.IsNaN(values[i])) // the measure is undefined for this pair of maps
                {
                    all[i].Add(values[i]);
                    if (@class >= 0 && @class < classNames.Count)
                    {
                        perClass[i][@class].Add(values[i]);
                    }
                }
            }
        }

        return ByColumn(columns.Select((column, i) => new SimilarityStatistics(
            column,
            SampleValues.Of(all[i]),
            [.. perClass[i].Zip(classNames, (values, name) => new ClassStatistics(name, SampleValues.Of(values)))])));
    }

    /// <summary>The statistics of the rows of both, in the first order of classes; each fold of a cross-validation has its own.</summary>
    /// <exception cref="ArgumentException">They have other measures or classes; the message names one and both values.</exception>
    internal static IReadOnlyDictionary<string, SimilarityStatistics> Merge(
        IReadOnlyDictionary<string, SimilarityStatistics> first, IReadOnlyDictionary<string, SimilarityStatistics> second)
    {
        Merging.RequireSame(Settings(first), Settings(second));
        return ByColumn(first.Values.Zip(second.Values, (a, b) => new SimilarityStatistics(
            a.Column,
            a.sample.Merge(b.sample),
            [.. a.PerClass.Join(b.PerClass, one => one.ClassName, other => other.ClassName, (one, other) => one.Merge(other))])));
    }

    private SimilarityColumn Column => new(ColumnName, Similarity);

    private static object Settings(IReadOnlyDictionary<string, SimilarityStatistics> entries) => new
    {
        Similarities = entries.Values.Select(entry => entry.Column).ToArray(),
        Classes = entries.Values.Take(1).SelectMany(entry => entry.PerClass).Select(entry => entry.ClassName).Order(StringComparer.Ordinal)
            .ToArray(),
    };

    /// <summary>By the names of their columns, in their order.</summary>
    internal static OrderedDictionary<string, SimilarityStatistics> ByColumn(IEnumerable<SimilarityStatistics> entries)
        => new(entries.Select(entry => KeyValuePair.Create(entry.ColumnName, entry)));
}

/// <summary>A measure's values of the rows of one class. Immutable.</summary>
public sealed record ClassStatistics
{
    private readonly SampleValues sample;

    internal ClassStatistics(string className, SampleValues sample) => (ClassName, this.sample) = (className, sample);

    /// <summary>The class: its name, or its number from 1 where it has none.</summary>
    public string ClassName { get; }

    /// <summary>Mean over the rows counted; NaN without any.</summary>
    public double Mean => sample.Mean;

    /// <summary>Standard deviation over √n; NaN for fewer than two rows.</summary>
    public double StandardError => sample.StandardError;

    /// <summary>The 95 % bootstrap interval of the mean over images; undefined for fewer than two rows.</summary>
    public ConfidenceInterval Interval => sample.Interval;

    /// <summary>Rows counted.</summary>
    public long Count => sample.Count;

    internal ClassStatistics Merge(ClassStatistics other) => new(ClassName, sample.Merge(other.sample));
}
