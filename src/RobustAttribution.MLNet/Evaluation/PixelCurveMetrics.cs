using System.Globalization;
using System.Text;
using RobustAttribution.Metrics;
using RobustAttribution.MLNet.Evaluation;
using RobustAttribution.Networks;
using static TorchSharp.torch;

namespace RobustAttribution.MLNet;

/// <summary>How the probability of a class follows the pixels that its map calls salient, over a set of images. Immutable.</summary>
/// <remarks>Made by <c>mlContext.MulticlassClassification.EvaluateInsertionDeletion</c>. An area is the mean of a curve's points.</remarks>
public sealed class PixelCurveMetrics
{
    private static readonly string[] Names = ["Insertion", "Deletion", "AdversarialInsertion"];

    private readonly MeasuredCurves measured;

    private PixelCurveMetrics(MeasuredCurves measured, long rowCount, long unlabelledCount, IEnumerable<PixelCurveStatistics> curves)
    {
        this.measured = measured;
        RowCount = rowCount;
        UnlabelledCount = unlabelledCount;
        Curves = new OrderedDictionary<string, PixelCurveStatistics>(Names.Zip(curves, KeyValuePair.Create));
    }

    /// <summary>Images measured.</summary>
    public long RowCount { get; }

    /// <summary>Rows left out because their label is missing.</summary>
    public long UnlabelledCount { get; }

    /// <summary>The curves by name: "Insertion", "Deletion", and with an attack "AdversarialInsertion".</summary>
    public IReadOnlyDictionary<string, PixelCurveStatistics> Curves { get; }

    /// <summary>The most salient pixels put in; a larger area is a better map.</summary>
    public PixelCurveStatistics Insertion => Curves[Names[0]];

    /// <summary>The most salient pixels taken out; a smaller area is a better map.</summary>
    public PixelCurveStatistics Deletion => Curves[Names[1]];

    /// <summary>
    /// The pixels of the image put in, in the order of its attacked copy's map; a larger area is a more robust map. Null without an attack.
    /// </summary>
    public PixelCurveStatistics? AdversarialInsertion => Curves.GetValueOrDefault(Names[2]);

    /// <summary>The metrics over the rows of both: the same bits as one evaluation of all of them, in whatever order they are merged.</summary>
    /// <param name="other">Metrics of the same curves, maps and attack, over other rows.</param>
    /// <exception cref="ArgumentException">One of them is another; the message names the property and both values.</exception>
    public PixelCurveMetrics Merge(PixelCurveMetrics other)
    {
        Merging.RequireSame(measured, Require.NotNull(other, nameof(other)).measured);
        return new PixelCurveMetrics(
            measured,
            RowCount + other.RowCount,
            UnlabelledCount + other.UnlabelledCount,
            Curves.Values.Zip(other.Curves.Values, (a, b) => a.Merge(b)));
    }

    /// <summary>A table with one line for each curve.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((string name, PixelCurveStatistics curve) in Curves)
        {
            string direction = curve.HigherIsBetter ? "higher" : "lower";
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{name,-22} area {MetricsText.Of(curve.MeanArea)} ± {MetricsText.Of(curve.StandardError)} {curve.Interval}"
                + $"  ({curve.Count} images, {direction} is better)");
        }

        return text.Append(CultureInfo.InvariantCulture, $"{RowCount} images, {UnlabelledCount} rows without label left out").ToString();
    }

    /// <summary>All numbers as JSON; numbers that are undefined are null.</summary>
    public string ToJson() => MetricsJson.Write(new
    {
        rows = RowCount,
        unlabelled = UnlabelledCount,
        curves = Curves.ToDictionary(entry => entry.Key, entry => new
        {
            area = entry.Value.MeanArea,
            standardError = entry.Value.StandardError,
            interval = entry.Value.Interval,
            count = entry.Value.Count,
            shares = entry.Value.Shares,
            values = entry.Value.Values,
        }),
    });

    /// <summary>The metrics before the first row.</summary>
    internal static PixelCurveMetrics Empty(MeasuredCurves measured)
    {
        PixelCurveStatistics insertion = PixelCurveStatistics.Empty(measured.Insertion);
        PixelCurveStatistics deletion = PixelCurveStatistics.Empty(measured.Deletion);
        return new PixelCurveMetrics(measured, 0, 0, measured.Attack is not null ? [insertion, deletion, insertion] : [insertion, deletion]);
    }

    /// <summary>The metrics of one batch.</summary>
    /// <param name="measured">What is measured.</param>
    /// <param name="network">The network, under inspection.</param>
    /// <param name="images">The images, and the classes whose probability is followed.</param>
    /// <param name="attacked">The images under an attack; null for none.</param>
    /// <param name="known">The images that count.</param>
    internal static PixelCurveMetrics Of(
        MeasuredCurves measured, ImageNetwork network, ExplainedImages images, AttackedImages? attacked, bool[] known)
    {
        using IDisposable scope = NewDisposeScope();
        List<CurvesOfImages> curves =
        [
            CurvesOfImages.Of(measured.Insertion, network, images, images.Map, known),
            CurvesOfImages.Of(measured.Deletion, network, images, images.Map, known),
        ];
        if (attacked is not null)
        {
            bool[] valid = attacked.Valid.cpu().data<bool>().ToArray();
            bool[] counted = [.. known.Zip(valid, (labelled, found) => labelled && found)];
            curves.Add(CurvesOfImages.Of(measured.Insertion, network, images, attacked.After.Map, counted));
        }

        return Of(measured, curves, known.Count(flag => !flag));
    }

    /// <summary>The metrics of curves of images: insertion, deletion, and adversarial insertion where there is an attack.</summary>
    internal static PixelCurveMetrics Of(MeasuredCurves measured, IReadOnlyList<CurvesOfImages> curves, long unlabelled)
    {
        PixelCurve[] orders = [measured.Insertion, measured.Deletion, measured.Insertion];
        return new(measured, curves[0].Areas.Length, unlabelled, curves.Zip(orders, PixelCurveStatistics.Of));
    }
}

/// <summary>The curves of some images, as numbers.</summary>
/// <param name="Values">[N][S]: the probability at each point.</param>
/// <param name="Areas">[N].</param>
internal sealed record CurvesOfImages(double[][] Values, double[] Areas)
{
    /// <summary>The curves of a batch.</summary>
    /// <param name="curve">Insertion or deletion.</param>
    /// <param name="network">The network.</param>
    /// <param name="images">The images, and the classes whose probability is followed.</param>
    /// <param name="maps">[N,H,W]: the order of the pixels.</param>
    /// <param name="counted">The images that count; the others are left out.</param>
    public static CurvesOfImages Of(PixelCurve curve, ImageNetwork network, ExplainedImages images, Tensor maps, bool[] counted)
    {
        using PixelCurveResult result = curve.Measure(network, images.Images, images.Classes, maps);
        double[][] values = [.. result.Values.data<double>().ToArray().Chunk(curve.Steps)];
        double[] areas = result.Areas.data<double>().ToArray();
        int[] rows = [.. Enumerable.Range(0, counted.Length).Where(row => counted[row])];
        return new([.. rows.Select(row => values[row])], [.. rows.Select(row => areas[row])]);
    }
}

/// <summary>One curve over a set of images. Immutable.</summary>
public sealed record PixelCurveStatistics
{
    private readonly IReadOnlyList<SampleMean> points;
    private readonly SampleValues area;

    private PixelCurveStatistics(IReadOnlyList<double> shares, IReadOnlyList<SampleMean> points, SampleValues area, bool higherIsBetter)
        => (Shares, this.points, this.area, HigherIsBetter) = (shares, points, area, higherIsBetter);

    /// <summary>The share of the pixels at each point.</summary>
    public IReadOnlyList<double> Shares { get; }

    /// <summary>Mean probability at each point; NaN without images.</summary>
    public IReadOnlyList<double> Values => [.. points.Select(point => point.Mean)];

    /// <summary>Mean area under the images' curves; NaN without any.</summary>
    public double MeanArea => area.Mean;

    /// <summary>Of the area: standard deviation over √n; NaN for fewer than two images.</summary>
    public double StandardError => area.StandardError;

    /// <summary>The 95 % bootstrap interval of the area over images; undefined for fewer than two.</summary>
    public ConfidenceInterval Interval => area.Interval;

    /// <summary>Images counted; for adversarial insertion those with a valid attacked copy.</summary>
    public long Count => area.Count;

    /// <summary>Whether a better map has a larger area.</summary>
    public bool HigherIsBetter { get; }

    /// <summary>A curve before the first image.</summary>
    internal static PixelCurveStatistics Empty(PixelCurve curve)
        => new(curve.Shares, new SampleMean[curve.Steps], SampleValues.Empty, curve.HigherIsBetter);

    /// <summary>The curve over some images.</summary>
    internal static PixelCurveStatistics Of(CurvesOfImages images, PixelCurve curve) => new(
        curve.Shares,
        [.. Enumerable.Range(0, curve.Steps).Select(point => SampleMean.Of(images.Values.Select(values => values[point])))],
        SampleValues.Of(images.Areas),
        curve.HigherIsBetter);

    /// <summary>The curve over the images of both, of the same shares.</summary>
    internal PixelCurveStatistics Merge(PixelCurveStatistics other)
        => new(Shares, [.. points.Zip(other.points, (a, b) => a.Merge(b))], area.Merge(other.area), HigherIsBetter);
}
