using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RobustAttribution.MLNet;

/// <summary>How the probability of a class follows the pixels that its map calls salient, over a set of images. Immutable.</summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.EvaluateInsertionDeletion</c>. An area is the mean of its curve's points, from 0 to 1.</remarks>
public sealed class PixelCurveMetrics
{
    internal PixelCurveMetrics(long rowCount, long unlabelledCount, IReadOnlyDictionary<string, PixelCurveStatistics> curves)
    {
        RowCount = rowCount;
        UnlabelledCount = unlabelledCount;
        Curves = curves;
    }

    /// <summary>Images measured.</summary>
    public long RowCount { get; }

    /// <summary>Rows left out because their label is missing.</summary>
    public long UnlabelledCount { get; }

    /// <summary>The curves by name: "Insertion", "Deletion", and with an attack "AdversarialInsertion".</summary>
    public IReadOnlyDictionary<string, PixelCurveStatistics> Curves { get; }

    /// <summary>The most salient pixels put in; a larger area is a better map.</summary>
    public PixelCurveStatistics Insertion => Curves["Insertion"];

    /// <summary>The most salient pixels taken out; a smaller area is a better map.</summary>
    public PixelCurveStatistics Deletion => Curves["Deletion"];

    /// <summary>The pixels of the image put in, in the order of its attacked copy's map; a larger area is a more robust map. Null without an attack.</summary>
    public PixelCurveStatistics? AdversarialInsertion => Curves.GetValueOrDefault("AdversarialInsertion");

    /// <summary>A table with one line for each curve.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((string name, PixelCurveStatistics curve) in Curves)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-22} area {curve.MeanArea:F4} ± {curve.StandardError:F4}  ({curve.Count} images, {(curve.HigherIsBetter ? "higher" : "lower")} is better)");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{RowCount} images, {UnlabelledCount} rows without label left out").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            rows = RowCount,
            unlabelled = UnlabelledCount,
            curves = Curves.ToDictionary(entry => entry.Key, entry => new
            {
                area = Finite(entry.Value.MeanArea),
                standardError = Finite(entry.Value.StandardError),
                count = entry.Value.Count,
                shares = entry.Value.Shares,
                values = entry.Value.Values.Select(Finite),
            }),
        },
        MetricsJson.Indented);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>One curve over a set of images.</summary>
/// <param name="Shares">The share of the pixels at each point.</param>
/// <param name="Values">Mean probability at each point.</param>
/// <param name="MeanArea">Mean area under the images' curves; NaN without any.</param>
/// <param name="StandardError">Of the area: standard deviation over √n; NaN for fewer than two images.</param>
/// <param name="Count">Images counted; for adversarial insertion those with a valid attacked copy.</param>
/// <param name="HigherIsBetter">Whether a better map has a larger area.</param>
public sealed record PixelCurveStatistics(
    IReadOnlyList<double> Shares, IReadOnlyList<double> Values, double MeanArea, double StandardError, long Count, bool HigherIsBetter);
