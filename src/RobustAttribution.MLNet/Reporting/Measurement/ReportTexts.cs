using System.Globalization;
using System.Text.RegularExpressions;
using RobustAttribution.Attacks;
using RobustAttribution.Similarities;

namespace RobustAttribution.MLNet.Reporting;

/// <summary>What a report calls things, for someone who meets them for the first time.</summary>
internal static partial class ReportTexts
{
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

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
