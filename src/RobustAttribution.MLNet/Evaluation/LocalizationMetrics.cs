using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RobustAttribution.MLNet;

/// <summary>How well saliency maps find the objects in images. Immutable. Made by <c>mlContext.MulticlassClassification.EvaluateLocalization</c>.</summary>
/// <remarks>Weakly supervised localisation as Singh et al. 2020 (section on CUB-200-2011) measure it. Rows without a label or a true box are counted in <see cref="LeftOutCount"/>, never silently dropped.</remarks>
public sealed class LocalizationMetrics
{
    internal LocalizationMetrics(long rowCount, long leftOutCount, double top1Error, IReadOnlyList<LocalizationPoint> curve, int chosen, bool validated)
    {
        RowCount = rowCount;
        LeftOutCount = leftOutCount;
        Top1Error = top1Error;
        Curve = curve;
        Threshold = curve[chosen].Threshold;
        BestThreshold = validated ? Threshold : null;
        Top1Localization = curve[chosen].Top1Localization;
        KnownClassLocalization = curve[chosen].KnownClassLocalization;
        MeanOverlap = curve[chosen].MeanOverlap;
    }

    /// <summary>Rows judged.</summary>
    public long RowCount { get; }

    /// <summary>Rows without a label or a true box.</summary>
    public long LeftOutCount { get; }

    /// <summary>Share of the rows whose predicted label is not the true one. From 0 to 1, lower is better; NaN without rows.</summary>
    public double Top1Error { get; }

    /// <summary>The threshold of the numbers below: the one that was best on the validation rows, or else the first of the column.</summary>
    public double Threshold { get; }

    /// <summary>The threshold with the highest top-1 localisation on the validation rows (the lowest of equals); null where there were none. It is never chosen on the rows judged.</summary>
    public double? BestThreshold { get; }

    /// <summary>Share of the rows whose class is predicted right and whose box overlaps the true one by at least <see cref="LocalizationColumns.MinimumOverlap"/>. From 0 to 1, higher is better.</summary>
    public double Top1Localization { get; }

    /// <summary>Share of the rows whose box overlaps the true one that much, the class being given. From 0 to 1, higher is better.</summary>
    public double KnownClassLocalization { get; }

    /// <summary>Mean intersection over union, |a ∩ b| / |a ∪ b|; a missing box counts 0. From 0 to 1, higher is better.</summary>
    public double MeanOverlap { get; }

    /// <summary>The numbers at every threshold of the column, on the rows judged.</summary>
    public IReadOnlyList<LocalizationPoint> Curve { get; }

    /// <summary>A table with one line for each threshold.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{RowCount} rows, {LeftOutCount} left out, top-1 error {Top1Error:F4}");
        text.AppendLine("threshold  top-1 loc.  GT-known  mean IoU");
        foreach (LocalizationPoint point in Curve)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{point.Threshold,9:F3}  {point.Top1Localization,10:F4}  {point.KnownClassLocalization,8:F4}  {point.MeanOverlap,8:F4}{(point.Threshold == Threshold ? (BestThreshold is null ? "  *" : "  * best on the validation rows") : string.Empty)}");
        }

        return text.ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson()
    {
        return JsonSerializer.Serialize(new
        {
            rows = RowCount,
            leftOut = LeftOutCount,
            top1Error = Defined(Top1Error),
            threshold = Threshold,
            bestThreshold = BestThreshold,
            curve = Curve.Select(point => new
            {
                threshold = point.Threshold,
                top1Localization = Defined(point.Top1Localization),
                knownClassLocalization = Defined(point.KnownClassLocalization),
                meanOverlap = Defined(point.MeanOverlap),
            }),
        });

        static double? Defined(double value) => double.IsFinite(value) ? value : null;
    }
}
