using RobustAttribution.Metrics;

namespace RobustAttribution.MLNet;

/// <summary>One number of a model in the headline table of a <see cref="RobustnessReport"/>.</summary>
/// <param name="Name">The metric's usual name; equal names of several models in one group share a row.</param>
/// <param name="Value">NaN where it is not known.</param>
/// <param name="HigherIsBetter">The metric's direction.</param>
/// <param name="StandardError">Of the mean, where the value is one; null otherwise.</param>
/// <param name="Meaning">One sentence for someone who meets the metric for the first time.</param>
/// <param name="Group">A heading over the rows of equal groups, e.g. the attack; null for none.</param>
public sealed record ReportedNumber(
    string Name, double Value, bool HigherIsBetter, double? StandardError = null, string? Meaning = null, string? Group = null)
{
    /// <summary>The 95 % interval of the value over the images; null where it is not known.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>
    /// The values whose mean this is, one for each image measured, NaN where an image has none; empty where the value is no mean. By them models are
    /// compared image by image.
    /// </summary>
    public IReadOnlyList<double> Values { get; init; } = [];

    /// <summary>Whether it is something to compare with, as a control, for which no model is better than another. False by default.</summary>
    public bool IsReference { get; init; }
}
