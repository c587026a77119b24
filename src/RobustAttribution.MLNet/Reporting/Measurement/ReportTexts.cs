using System.Globalization;
using System.Text.RegularExpressions;
using RobustAttribution.Attacks;
using RobustAttribution.Attributions;
using RobustAttribution.Metrics;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>What a report calls things, for someone who meets them for the first time.</summary>
internal static partial class ReportTexts
{
    /// <summary>One sentence about the lift.</summary>
    public const string LiftMeaning = "How far the attack leaves it above that of different images: 1 all the way, 0 not at all.";

    /// <summary>"top-k attack", "random noise".</summary>
    public static string Name(object component)
    {
        string[] words = [.. Word().Matches(component.GetType().Name).Select(match => match.Value.ToLowerInvariant())];
        return words is [.. var first, "attack"] ? $"{string.Join('-', first)} attack" : string.Join(' ', words);
    }

    /// <summary>"ε 8/255" for the maximum norm.</summary>
    public static string Budget(IThreatModel threat) => threat is LinfBall
        ? $"ε {(threat.Radius * 255).ToString("0.##", CultureInfo.InvariantCulture)}/255"
        : $"ε {threat.Radius.ToString("0.####", CultureInfo.InvariantCulture)} ({threat.GetType().Name})";

    /// <summary>One sentence about a measure; null for one of the user's own.</summary>
    public static string? Meaning(IMapSimilarity similarity) => similarity switch
    {
        TopKIntersection top => $"Share of the {top.K} most important pixels that stay among the {top.K} most important.",
        LocalitySensitiveTopK => "The same, where a pixel may move a little.",
        KendallTau => "Agreement of the order of all pixels: 1 the same order, 0 unrelated, −1 reversed.",
        SpearmanCorrelation => "Correlation of the pixels' ranks: 1 the same order, 0 unrelated.",
        PearsonCorrelation => "Correlation of the two maps: 1 the same up to brightness, 0 unrelated.",
        CosineSimilarity => "Cosine of the angle between the maps: 1 the same direction.",
        StructuralSimilarity => "SSIM of the maps: 1 the same.",
        MeanSquaredError => "Mean squared difference of the maps: 0 the same.",
        CenterOfMassShift => "How far the map's centre of mass moves, in pixels.",
        _ => null,
    };

    /// <summary>One sentence about a control; null for one of the user's own.</summary>
    public static string? ControlMeaning(IAttributionMethod control) => control switch
    {
        ConstantMap => "All pixels are equal: robust without end, and says nothing.",
        EdgeMap => "The edges of the image: looks like an explanation, and is the same for every network.",
        RandomMap => "Drawn anew for every image: what chance gives.",
        _ => null,
    };

    /// <summary>Three decimals.</summary>
    public static string Number(double value) => value.ToString("0.000;−0.000", CultureInfo.InvariantCulture);

    /// <summary>Three decimals and a sign.</summary>
    public static string Signed(double value) => value.ToString("+0.000;−0.000;0.000", CultureInfo.InvariantCulture);

    /// <summary>"[0.170, 0.250]"; empty where the interval is undefined.</summary>
    public static string Text(ConfidenceInterval interval)
        => double.IsNaN(interval.Low) ? string.Empty : $"[{Number(interval.Low)}, {Number(interval.High)}]";

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
