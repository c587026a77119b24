using System.Globalization;
using System.Text;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;

namespace RobustAttribution.MLNet;

/// <summary>How well saliency maps find the objects in images. Immutable.</summary>
/// <remarks>
/// Made by <c>mlContext.MulticlassClassification.EvaluateLocalization</c>: weakly supervised localisation as Singh et al. 2020 (section on
/// CUB-200-2011) measure it. Rows without a label or a true box are counted, never silently dropped.
/// </remarks>
public sealed class LocalizationMetrics
{
    private readonly LocalizationCounts counts;
    private readonly int chosen;
    private readonly bool validated;
    private readonly Lazy<IReadOnlyList<LocalizationIntervals>> intervals;

    /// <param name="counts">Counts over the rows measured.</param>
    /// <param name="chosen">The index of the threshold.</param>
    /// <param name="validated">Whether it was chosen on other rows.</param>
    internal LocalizationMetrics(LocalizationCounts counts, int chosen, bool validated)
    {
        (this.counts, this.chosen, this.validated, Curve) = (counts, chosen, validated, counts.ToCurve());
        intervals = new(counts.ToIntervals);
    }

    /// <summary>Rows measured.</summary>
    public long RowCount => counts.Rows;

    /// <summary>Rows without a label or a true box.</summary>
    public long LeftOutCount => counts.LeftOut;

    /// <summary>Share of the rows whose predicted label is not the true one. From 0 to 1, lower is better; NaN without rows.</summary>
    public double Top1Error => 1 - ((double)counts.Correct / counts.Rows);

    /// <summary>The threshold of the numbers below: the one that was best on the validation rows, or else the first of the column.</summary>
    public double Threshold => Curve[chosen].Threshold;

    /// <summary>
    /// The threshold with the highest top-1 localisation on the validation rows (the lowest of equals); null where there were none. It is never
    /// chosen on the rows measured.
    /// </summary>
    public double? BestThreshold => validated ? Threshold : null;

    /// <summary>
    /// Share of the rows whose class is predicted right and whose box overlaps the true one by at least
    /// <see cref="LocalizationColumns.MinimumOverlap"/>. From 0 to 1, higher is better.
    /// </summary>
    public double Top1Localization => Curve[chosen].Top1Localization;

    /// <summary>Share of the rows whose box overlaps the true one that much, the class being given. From 0 to 1, higher is better.</summary>
    public double KnownClassLocalization => Curve[chosen].KnownClassLocalization;

    /// <summary>Mean intersection over union, |a ∩ b| / |a ∪ b|; a missing box counts 0. From 0 to 1, higher is better.</summary>
    public double MeanOverlap => Curve[chosen].MeanOverlap;

    /// <summary>The numbers at every threshold of the column, on the rows measured.</summary>
    public IReadOnlyList<LocalizationPoint> Curve { get; }

    /// <summary>The intervals of <see cref="Curve"/>'s numbers, in its order.</summary>
    public IReadOnlyList<LocalizationIntervals> Intervals => intervals.Value;

    /// <summary>The metrics over the rows of both: the same bits as one evaluation of all of them, in whatever order they are merged.</summary>
    /// <param name="other">Metrics at the same thresholds, with the same one chosen, over other rows.</param>
    /// <exception cref="ArgumentException">The thresholds, the one chosen or the overlap asked for are others.</exception>
    public LocalizationMetrics Merge(LocalizationMetrics other)
    {
        Require.NotNull(other, nameof(other));
        Merging.RequireSame(new { Threshold, BestThreshold }, new { other.Threshold, other.BestThreshold });
        return new LocalizationMetrics(counts.Merge(other.counts), chosen, validated);
    }

    /// <summary>A table with one line for each threshold.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{RowCount} rows, {LeftOutCount} left out, top-1 error {MetricsText.Of(Top1Error)}");
        text.AppendLine("threshold  top-1 loc.  GT-known  mean IoU       95 % intervals, in this order");
        foreach ((LocalizationPoint point, LocalizationIntervals interval) in Curve.Zip(Intervals))
        {
            string mark = point.Threshold != Threshold ? string.Empty : validated ? "  * best on the validation rows" : "  *";
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{point.Threshold,9:F3}  {MetricsText.Of(point.Top1Localization),10}  {MetricsText.Of(point.KnownClassLocalization),8}"
                + $"  {MetricsText.Of(point.MeanOverlap),8}  {interval.Top1Localization,16}  {interval.KnownClassLocalization,16}"
                + $"  {interval.MeanOverlap,16}{mark}");
        }

        return text.ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(
        new
        {
            rows = RowCount,
            leftOut = LeftOutCount,
            top1Error = Top1Error,
            threshold = Threshold,
            bestThreshold = BestThreshold,
            curve = Curve.Zip(Intervals, (point, interval) => new
            {
                threshold = point.Threshold,
                top1Localization = point.Top1Localization,
                top1Interval = interval.Top1Localization,
                knownClassLocalization = point.KnownClassLocalization,
                knownClassInterval = interval.KnownClassLocalization,
                meanOverlap = point.MeanOverlap,
                overlapInterval = interval.MeanOverlap,
            }),
        },
        indented: false);
}
